SELECT FROM @extschema@.ticket_rotation WHERE run_id = $1 FOR NO KEY UPDATE
