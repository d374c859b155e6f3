-- No row: the run is in none of the states ($3) that can be changed to $2
UPDATE @extschema@.ticket_rotation
SET state = $2,
    finished_at = CASE WHEN $2 = 'cancelled' THEN coalesce(finished_at, clock_timestamp()) END
WHERE run_id = $1 AND state = ANY ($3)
RETURNING run_id
