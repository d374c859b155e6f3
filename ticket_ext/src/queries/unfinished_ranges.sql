SELECT EXISTS (SELECT FROM @extschema@.ticket_rotation_range WHERE run_id = $1 AND finished_at IS NULL)
