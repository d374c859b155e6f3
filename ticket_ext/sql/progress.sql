-- Progress in the manner of the pg_stat_progress_* views. It reads the last ledger row of each range, and the last
-- batches for the rate, so it costs the same whatever the length of the ledger.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- The rate is that of the last 30 seconds, in at most 1000 batches: long enough to level out single batches, short
-- enough to follow a change of load within a minute. The driver's own estimate, for its bar, weighs the last
-- 15 seconds more (rate.rs of the driver). Without statistics of a young ledger the planner would sort all of it.
CREATE FUNCTION @extschema@.ticket_rotation_totals(
    run_id bigint,
    OUT last_id bigint,
    OUT tickets bigint,
    OUT ranges_left bigint,
    OUT last_batch_at timestamptz,
    OUT rate double precision
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
    SELECT done.last_id, done.tickets + swept.tickets, done.ranges_left, latest.finished_at, recent.rate
    FROM (SELECT max(batch.last_id) AS last_id,
                 coalesce(sum(batch.range_tickets), 0)::bigint AS tickets,
                 count(*) FILTER (WHERE rotated_at IS NULL) AS ranges_left
          FROM @extschema@.ticket_rotation_range AS range
          LEFT JOIN LATERAL (
              SELECT batch.last_id, range_tickets
              FROM @extschema@.ticket_rotation_batch AS batch
              WHERE batch.run_id = $1 AND batch.sweep = 0 AND batch.last_id BETWEEN range.first_id AND range.last_id
              ORDER BY batch.last_id DESC
              LIMIT 1
          ) AS batch ON true
          WHERE range.run_id = $1) AS done,
         (SELECT coalesce(sum(tickets), 0)::bigint AS tickets
          FROM @extschema@.ticket_rotation_batch AS batch
          WHERE batch.run_id = $1 AND sweep > 0) AS swept,
         (SELECT max(finished_at) AS finished_at
          FROM @extschema@.ticket_rotation_batch AS batch
          WHERE batch.run_id = $1) AS latest,
         (SELECT sum(tickets) / nullif(extract(epoch FROM max(finished_at) - min(started_at)), 0)::float8 AS rate
          FROM (SELECT tickets, started_at, finished_at
                FROM @extschema@.ticket_rotation_batch AS batch
                WHERE batch.run_id = $1 AND finished_at > clock_timestamp() - interval '30 seconds'
                ORDER BY finished_at DESC
                LIMIT 1000) AS batch) AS recent
$$;

COMMENT ON FUNCTION @extschema@.ticket_rotation_totals(bigint) IS 'Part of batch_progress: what the ledger says of a run';

-- Names are looked up by subqueries: to plan as many joins would take longer than all the rest.
CREATE VIEW @extschema@.batch_progress AS
SELECT run.run_id,
       -- The number of a table that was dropped can be another table's after a restore.
       (SELECT run.target
        FROM pg_class AS class
        JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE class.oid = run.target
          AND quote_ident(namespace.nspname) || '.' || quote_ident(class.relname) = run.target_name) AS target,
       run.target_name,
       coalesce((SELECT attname
                 FROM pg_attribute
                 WHERE run.target::oid = run.target_oid
                   AND attrelid = run.target AND attnum = run.token_number AND NOT attisdropped),
                run.token_column) AS token_column,
       run.state,
       CASE WHEN run.state = 'active' THEN CASE WHEN ranges_left = 0 THEN 'sweeping' ELSE 'rotating' END END AS phase,
       totals.last_id,
       totals.tickets AS tickets_done,
       run.tickets_planned,
       CASE WHEN run.state = 'finished' OR totals.tickets >= run.tickets_planned THEN 100.00
            ELSE round(100.0 * totals.tickets / run.tickets_planned, 2)
       END AS percent,
       round(totals.rate::numeric, 1) AS tickets_per_second,
       CASE WHEN run.state = 'active' AND totals.rate > 0
            THEN make_interval(secs => round(greatest(run.tickets_planned - totals.tickets, 0) / totals.rate))
       END AS time_remaining,
       CASE WHEN run.state = 'active' AND control.waiting_at > clock_timestamp() - interval '30 seconds'
            THEN control.waiting_for
       END AS waiting_for,
       run.started_at,
       coalesce(run.finished_at, totals.last_batch_at, run.started_at) AS updated_at,
       totals.last_batch_at,
       run.finished_at,
       totals.ranges_left,
       control.batch_time,
       control.nice,
       control.workers,
       guard.held_off,
       guard.held_off_key,
       guard.held_off_at,
       coalesce((SELECT attname
                 FROM pg_attribute
                 WHERE run.target::oid = run.target_oid
                   AND attrelid = run.target AND attnum = run.key_number AND NOT attisdropped),
                run.key_column) AS key_column,
       run.token_format,
       run.without_token
FROM @extschema@.ticket_rotation AS run
LEFT JOIN @extschema@.ticket_rotation_control AS control USING (run_id)
CROSS JOIN LATERAL @extschema@.ticket_rotation_totals(run.run_id) AS totals
CROSS JOIN LATERAL @extschema@.ticket_rotation_held_off_totals(run.run_id) AS guard;

COMMENT ON VIEW @extschema@.batch_progress IS 'Progress of every run, one row each';
COMMENT ON COLUMN @extschema@.batch_progress.run_id IS 'Number of the run';
COMMENT ON COLUMN @extschema@.batch_progress.target IS 'The table whose tokens are rotated; NULL if it has another name than the run knows it by';
COMMENT ON COLUMN @extschema@.batch_progress.target_name IS 'The name that the run knows it by';
COMMENT ON COLUMN @extschema@.batch_progress.token_column IS 'The column whose tokens are rotated';
COMMENT ON COLUMN @extschema@.batch_progress.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN @extschema@.batch_progress.phase IS 'Of an active run: rotating, or sweeping once all ranges are rotated';
COMMENT ON COLUMN @extschema@.batch_progress.last_id IS 'Highest key that a batch has reached';
COMMENT ON COLUMN @extschema@.batch_progress.tickets_done IS 'Tickets that have a new token';
COMMENT ON COLUMN @extschema@.batch_progress.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN @extschema@.batch_progress.percent IS 'Tickets done of tickets planned, at most 100';
COMMENT ON COLUMN @extschema@.batch_progress.tickets_per_second IS 'Rate over the last 30 seconds; NULL if no batch was committed in them';
COMMENT ON COLUMN @extschema@.batch_progress.time_remaining IS 'Estimate from that rate; NULL unless the run is active and has a rate';
COMMENT ON COLUMN @extschema@.batch_progress.waiting_for IS 'Why a driver of the active run starts no batch, as said within the last 30 seconds';
COMMENT ON COLUMN @extschema@.batch_progress.started_at IS 'When the run started';
COMMENT ON COLUMN @extschema@.batch_progress.updated_at IS 'When the last batch was committed, or the run ended';
COMMENT ON COLUMN @extschema@.batch_progress.last_batch_at IS 'When the last batch was committed';
COMMENT ON COLUMN @extschema@.batch_progress.finished_at IS 'When the run finished or was cancelled';
COMMENT ON COLUMN @extschema@.batch_progress.ranges_left IS 'Ranges that sessions can still rotate side by side';
COMMENT ON COLUMN @extschema@.batch_progress.batch_time IS 'As tuned: how long a batch should take; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.batch_progress.nice IS 'As tuned: how many times as long as a batch took a worker rests after it; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.batch_progress.workers IS 'As tuned: connections of each driver; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.batch_progress.held_off IS 'Writes of tokens that this run had retired, which the guard held off';
COMMENT ON COLUMN @extschema@.batch_progress.held_off_key IS 'Key of the ticket that the last of them was about';
COMMENT ON COLUMN @extschema@.batch_progress.held_off_at IS 'When the last of them was held off';
COMMENT ON COLUMN @extschema@.batch_progress.key_column IS 'The column that orders the tickets';
COMMENT ON COLUMN @extschema@.batch_progress.token_format IS 'What new tokens look like';
COMMENT ON COLUMN @extschema@.batch_progress.without_token IS 'Tickets without a token when the run started';

REVOKE ALL ON @extschema@.batch_progress FROM PUBLIC;

SET LOCAL search_path TO @extschema@, pg_temp;
