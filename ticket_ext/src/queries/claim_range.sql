-- The first range that reaches up to $2, has not been through the phase and that no other session is working on
SELECT first_id, last_id
FROM @extschema@.ticket_rotation_range
WHERE run_id = $1 AND @ended_at@ IS NULL AND last_id >= $2
ORDER BY first_id
LIMIT 1
FOR NO KEY UPDATE
