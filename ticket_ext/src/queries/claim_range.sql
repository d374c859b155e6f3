-- The first unfinished range that reaches above $2 and that no other session is working on
SELECT after_id, upper_id
FROM @extschema@.ticket_rotation_range
WHERE run_id = $1 AND finished_at IS NULL AND upper_id > $2
ORDER BY after_id
LIMIT 1
FOR NO KEY UPDATE
