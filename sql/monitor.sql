-- Shows all there is to see while a rotation runs. It only reads.
--
--   psql -f sql/monitor.sql
--   watch -n 2 psql -f sql/monitor.sql
--
-- As a role that may read the rotation tables (sql/roles.sql) and is a member of pg_monitor: without that, the
-- queries of other roles' sessions and the lag of replicas are not shown.

\set ON_ERROR_STOP on
\pset footer off

\echo Runs: how far, how fast, and how long since the last batch. Paused or idle for long: nobody works on it.
SELECT run_id, target, state, tickets_done, tickets_planned, percent, tickets_per_second, time_remaining,
       date_trunc('second', now() - updated_at) AS idle, waiting_for
FROM batch_progress
ORDER BY run_id DESC
LIMIT 3;

\echo The last batches. Much slower than before: look at the locks and the old transactions below.
SELECT run_id, after_id, last_id, sweep, tickets, finished_at - started_at AS took, finished_at
FROM ticket_rotation_batch
ORDER BY finished_at DESC
LIMIT 5;

\echo Sessions that rotate. blocked_by: the processes that hold the lock which this one waits for.
SELECT pid, usename, application_name, state, wait_event_type, wait_event, pg_blocking_pids(pid) AS blocked_by,
       date_trunc('second', now() - query_start) AS since
FROM pg_stat_activity
WHERE query ~ 'rotate_(ticket_tokens|all_tickets)' AND pid <> pg_backend_pid()
ORDER BY pid;

\echo The oldest transactions. They keep dead rows from being removed, and the end of a run may wait for them.
SELECT pid, usename, application_name, state, date_trunc('second', now() - xact_start) AS age
FROM pg_stat_activity
WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
ORDER BY xact_start
LIMIT 3;

\echo VACUUM at work: rotate-driver run starts one after each tenth of the tickets; autovacuum comes by itself.
SELECT pid, relid::regclass AS table, phase, heap_blks_scanned, heap_blks_total, index_vacuum_count
FROM pg_stat_progress_vacuum
WHERE datname = current_database();

\echo Dead rows. More of them than of live ones: VACUUM the table, between batches is fine; if it does not help, an
\echo old transaction (above) keeps them.
SELECT relid::regclass AS table, n_live_tup AS live, n_dead_tup AS dead, last_vacuum, last_autovacuum,
       pg_size_pretty(pg_total_relation_size(relid)) AS size
FROM pg_stat_user_tables
WHERE relid IN (SELECT coalesce(part.relid, target)
                FROM ticket_rotation LEFT JOIN LATERAL pg_partition_tree(target) AS part ON true);

\echo Replicas. The lag grows: rotate-driver pause, or a smaller batch.
SELECT application_name, client_addr, state, sync_state, replay_lag
FROM pg_stat_replication;

SELECT to_regclass('cron.job_run_details') IS NOT NULL AS has_cron
\gset
\if :has_cron
    \echo Jobs of pg_cron: their last results.
    SELECT jobid, start_time, status, return_message
    FROM cron.job_run_details
    ORDER BY runid DESC
    LIMIT 5;
\endif
