WITH forgotten AS (
    UPDATE @extschema@.ticket_rotation
    SET forgotten_at = clock_timestamp(),
        state = CASE state WHEN 'finished' THEN 'finished' ELSE 'cancelled' END,
        finished_at = coalesce(finished_at, clock_timestamp())
    WHERE run_id = $1
)
UPDATE @extschema@.ticket_rotation_batch SET keys = NULL, digests = NULL, new_digests = NULL
WHERE run_id = $1 AND keys IS NOT NULL
