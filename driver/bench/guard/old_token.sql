\set id random(1, :tickets)
UPDATE ticket SET token = leaked.token, created_at = now() FROM leaked WHERE leaked.id = ticket.id AND ticket.id = :id;
