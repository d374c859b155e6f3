INSERT INTO @extschema@.ticket_rotation_range (run_id, first_id, last_id) VALUES ($1, $2, $3)
