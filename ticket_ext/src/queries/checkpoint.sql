SELECT max(last_id) AS checkpoint, clock_timestamp() AS read_at
FROM @extschema@.ticket_rotation_batch
WHERE run_id = $1 AND last_id > $2 AND last_id <= $3
