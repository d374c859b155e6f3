UPDATE @extschema@.ticket_rotation_range SET finished_at = clock_timestamp()
WHERE run_id = $1 AND after_id = $2
