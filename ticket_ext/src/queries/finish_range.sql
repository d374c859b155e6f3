UPDATE @extschema@.ticket_rotation_range SET @ended_at@ = clock_timestamp()
WHERE run_id = $1 AND first_id = $2
