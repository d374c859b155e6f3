\set id random(1, :tickets)
UPDATE ticket SET token = token, created_at = now() WHERE id = :id;
