\set id random(1, :tickets)
UPDATE ticket SET token = gen_random_uuid(), created_at = now() WHERE id = :id;
