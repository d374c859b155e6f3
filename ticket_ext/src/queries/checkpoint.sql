-- $4 is the run's horizon
SELECT max(last_id) AS checkpoint,
       clock_timestamp() AS read_at,
       least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint) < $4
           AS older_in_progress
FROM @extschema@.ticket_rotation_batch
WHERE run_id = $1 AND last_id > $2 AND last_id <= $3 AND NOT sweep
