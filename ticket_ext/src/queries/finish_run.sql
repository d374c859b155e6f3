UPDATE @extschema@.ticket_rotation
SET state = 'finished', finished_at = clock_timestamp()
WHERE run_id = $1
  AND finished_at IS NULL
  AND NOT EXISTS (SELECT FROM @extschema@.ticket_rotation_range WHERE run_id = $1 AND finished_at IS NULL)
