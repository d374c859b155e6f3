-- The state that the run has then
WITH finished AS (
    UPDATE @extschema@.ticket_rotation SET state = 'finished', finished_at = clock_timestamp()
    WHERE run_id = $1 AND state = 'active'
    RETURNING state
)
SELECT coalesce((SELECT state FROM finished), (SELECT state FROM @extschema@.ticket_rotation WHERE run_id = $1))
