-- No row: the run is no longer active
UPDATE @extschema@.ticket_rotation SET state = 'finished', finished_at = clock_timestamp()
WHERE run_id = $1 AND state = 'active'
RETURNING run_id
