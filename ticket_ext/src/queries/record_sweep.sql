INSERT INTO @extschema@.ticket_rotation_batch (run_id, after_id, last_id, sweep, tickets, started_at)
VALUES ($1, $2, $3, true, $4, $5)
