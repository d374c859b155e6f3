INSERT INTO @extschema@.ticket_rotation_control (run_id, waiting_for, waiting_at)
VALUES ($1, $2, clock_timestamp())
ON CONFLICT (run_id) DO UPDATE SET waiting_for = excluded.waiting_for, waiting_at = excluded.waiting_at
