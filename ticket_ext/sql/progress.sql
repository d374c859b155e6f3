-- Progress in the manner of the pg_stat_progress_* views.
-- The rate is that of the last 30 seconds in which batches were committed: long enough to
-- level out single batches, short enough to follow a change of load within a minute.

CREATE VIEW batch_progress AS
SELECT run.run_id,
       run.target,
       run.token_column,
       run.state,
       done.last_id,
       done.tickets AS tickets_done,
       run.tickets_planned,
       CASE WHEN run.state = 'finished' OR done.tickets >= run.tickets_planned THEN 100.00
            ELSE round(100.0 * done.tickets / run.tickets_planned, 2)
       END AS percent,
       round(recent.rate::numeric, 1) AS tickets_per_second,
       CASE WHEN run.state = 'active' AND recent.rate > 0
            THEN make_interval(secs => round(greatest(run.tickets_planned - done.tickets, 0) / recent.rate))
       END AS time_remaining,
       CASE WHEN run.state = 'active' AND control.waiting_at > clock_timestamp() - interval '30 seconds'
            THEN control.waiting_for
       END AS waiting_for,
       run.started_at,
       coalesce(run.finished_at, done.finished_at, run.started_at) AS updated_at,
       run.finished_at,
       control.batch_time,
       control.nice,
       control.workers
FROM ticket_rotation AS run
LEFT JOIN ticket_rotation_control AS control USING (run_id)
CROSS JOIN LATERAL (
    SELECT max(last_id) AS last_id,
           coalesce(sum(tickets), 0)::bigint AS tickets,
           max(finished_at) AS finished_at
    FROM ticket_rotation_batch AS batch
    WHERE batch.run_id = run.run_id
) AS done
CROSS JOIN LATERAL (
    SELECT sum(tickets) / nullif(extract(epoch FROM max(finished_at) - min(started_at)), 0)::float8 AS rate
    FROM ticket_rotation_batch AS batch
    WHERE batch.run_id = run.run_id AND batch.finished_at > done.finished_at - interval '30 seconds'
) AS recent;

COMMENT ON VIEW batch_progress IS 'Progress of every run, one row each';
COMMENT ON COLUMN batch_progress.run_id IS 'Number of the run';
COMMENT ON COLUMN batch_progress.target IS 'The table whose tokens are rotated';
COMMENT ON COLUMN batch_progress.token_column IS 'The column whose tokens are rotated';
COMMENT ON COLUMN batch_progress.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN batch_progress.last_id IS 'Highest ticket id that a batch has reached';
COMMENT ON COLUMN batch_progress.tickets_done IS 'Tickets that have a new token';
COMMENT ON COLUMN batch_progress.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN batch_progress.percent IS 'Tickets done of tickets planned, at most 100';
COMMENT ON COLUMN batch_progress.tickets_per_second IS 'Rate over the last 30 seconds in which batches were committed';
COMMENT ON COLUMN batch_progress.time_remaining IS 'Estimate from that rate; NULL unless the run is active and has a rate';
COMMENT ON COLUMN batch_progress.waiting_for IS 'Why a driver of the active run starts no batch, as said within the last 30 seconds';
COMMENT ON COLUMN batch_progress.started_at IS 'When the run started';
COMMENT ON COLUMN batch_progress.updated_at IS 'When the last batch was committed, or the run ended';
COMMENT ON COLUMN batch_progress.finished_at IS 'When the run finished or was cancelled';
COMMENT ON COLUMN batch_progress.batch_time IS 'As tuned: how long a batch should take; NULL: as each driver was told by its options';
COMMENT ON COLUMN batch_progress.nice IS 'As tuned: how many times as long as a batch took a worker rests after it; NULL: as each driver was told by its options';
COMMENT ON COLUMN batch_progress.workers IS 'As tuned: connections of each driver; NULL: as each driver was told by its options';

REVOKE ALL ON batch_progress FROM PUBLIC;
