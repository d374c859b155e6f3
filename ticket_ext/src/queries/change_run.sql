-- No row: the run is in none of the states ($3) that can be changed to $2. One that is resumed ($6) takes on the names
-- that its table and column have by now ($4, $5).
UPDATE @extschema@.ticket_rotation
SET state = $2,
    target_name = CASE WHEN $6 THEN $4 ELSE target_name END,
    token_column = CASE WHEN $6 THEN $5 ELSE token_column END,
    finished_at = CASE WHEN $2 IN ('cancelled', 'finished') THEN coalesce(finished_at, clock_timestamp()) END
WHERE run_id = $1 AND state = ANY ($3)
RETURNING run_id
