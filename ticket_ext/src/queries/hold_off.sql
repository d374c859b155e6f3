INSERT INTO @extschema@.ticket_rotation_held_off (run_id, key) VALUES ($1, $2)
ON CONFLICT DO NOTHING
