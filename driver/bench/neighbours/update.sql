\set id random(1, :tickets)
UPDATE ticket SET created_at = now() WHERE id = :id;
