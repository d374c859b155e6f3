UPDATE @extschema@.ticket_rotation SET state = 'finished', finished_at = clock_timestamp() WHERE run_id = $1
