INSERT INTO @extschema@.ticket_rotation_control AS control (run_id, batch_time, nice, workers, tuned_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (run_id) DO UPDATE
SET batch_time = coalesce(excluded.batch_time, control.batch_time),
    nice = coalesce(excluded.nice, control.nice),
    workers = coalesce(excluded.workers, control.workers),
    tuned_at = excluded.tuned_at
