UPDATE @extschema@.ticket_rotation_control
SET batch_time = NULL, nice = NULL, workers = NULL, tuned_at = clock_timestamp()
WHERE run_id = $1
