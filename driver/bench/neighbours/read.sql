\set id random(1, :tickets)
SELECT id, token, created_at FROM ticket WHERE id = :id;
