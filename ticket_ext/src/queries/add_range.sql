INSERT INTO @extschema@.ticket_rotation_range (run_id, after_id, upper_id) VALUES ($1, $2, $3)
