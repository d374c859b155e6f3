-- Shows all there is to see while a rotation runs. It only reads.
--
--   psql -f sql/monitor.sql
--   watch -n 2 psql -f sql/monitor.sql
--
-- It finds the extension, or the plain-SQL edition of the role that runs it; -v schema=NAME names another one.
-- As a role that may rotate (sql/roles.sql) and is a member of pg_monitor: without that, the queries of other roles'
-- sessions and the lag of replicas are not shown.

\set ON_ERROR_STOP on
\pset footer off

\if :{?schema}
\else
    -- The extension, else the plain-SQL edition of this role: what others have put up is not called.
    SELECT pg_catalog.quote_ident(nspname::pg_catalog.text) AS schema
    FROM pg_catalog.pg_namespace AS namespace
    LEFT JOIN pg_catalog.pg_extension ON extnamespace OPERATOR(pg_catalog.=) namespace.oid
        AND extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name
    LEFT JOIN pg_catalog.pg_class AS marker ON relnamespace OPERATOR(pg_catalog.=) namespace.oid
        AND relname OPERATOR(pg_catalog.=) 'ticket_rotation_version'::pg_catalog.name
        AND relkind OPERATOR(pg_catalog.=) 'r' AND relowner OPERATOR(pg_catalog.=) nspowner
    WHERE extname IS NOT NULL
       OR pg_catalog.pg_get_userbyid(relowner) OPERATOR(pg_catalog.=) current_user
           AND nspname OPERATOR(pg_catalog.<>) 'public'::pg_catalog.name
    ORDER BY extname, nspname
    LIMIT 1
    \gset
\endif

\echo Runs: how far, how fast, and how long since the last batch. Paused or idle for long: nobody works on it.
SELECT run_id, target, state, phase, tickets_done, tickets_planned, percent, tickets_per_second, time_remaining,
       pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) last_batch_at) AS idle,
       ranges_left, waiting_for
FROM :schema.batch_progress
ORDER BY run_id DESC
LIMIT 3;

SELECT pg_catalog.has_table_privilege(batch.oid, 'SELECT') AS may_read_ledger
FROM pg_catalog.pg_class AS batch
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
WHERE pg_catalog.quote_ident(nspname::pg_catalog.text) OPERATOR(pg_catalog.=) :'schema'
  AND relname OPERATOR(pg_catalog.=) 'ticket_rotation_batch'::pg_catalog.name
\gset
\if :may_read_ledger
    \echo The last batches. Much slower than before: look at the locks and the old transactions below.
    SELECT run_id, sweep, first_id, last_id, tickets, finished_at OPERATOR(pg_catalog.-) started_at AS took, finished_at
    FROM :schema.ticket_rotation_batch
    ORDER BY finished_at DESC
    LIMIT 5;
\endif

\echo Sessions that rotate. blocked_by: the processes that hold the lock which this one waits for.
SELECT pid, usename, application_name, state, wait_event_type, wait_event,
       pg_catalog.pg_blocking_pids(pid) AS blocked_by,
       pg_catalog.date_trunc('second', pg_catalog.now() OPERATOR(pg_catalog.-) query_start) AS since
FROM pg_catalog.pg_stat_activity
WHERE query OPERATOR(pg_catalog.~) 'rotate_(ticket_tokens|all_tickets)'
  AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
ORDER BY pid;

\echo The oldest transactions. They keep dead rows from being removed, and the end of a run may wait for them.
SELECT pid, usename, application_name, state,
       pg_catalog.date_trunc('second', pg_catalog.now() OPERATOR(pg_catalog.-) xact_start) AS age
FROM pg_catalog.pg_stat_activity
WHERE xact_start IS NOT NULL AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
ORDER BY xact_start
LIMIT 3;

\echo VACUUM at work: rotate-driver run starts them (--vacuum-every); autovacuum comes by itself.
SELECT pid, relid::pg_catalog.regclass AS table, phase, heap_blks_scanned, heap_blks_total, index_vacuum_count
FROM pg_catalog.pg_stat_progress_vacuum
WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database();

\echo Dead rows. More of them than of live ones: VACUUM the table, between batches is fine; if it does not help, an
\echo old transaction (above) keeps them.
SELECT relid::pg_catalog.regclass AS table, n_live_tup AS live, n_dead_tup AS dead, last_vacuum, last_autovacuum,
       pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(relid)) AS size
FROM pg_catalog.pg_stat_user_tables
WHERE relid OPERATOR(pg_catalog.=) ANY (
    SELECT coalesce(part.relid, target)::pg_catalog.oid
    FROM :schema.batch_progress
    LEFT JOIN LATERAL pg_catalog.pg_partition_tree(target) AS part ON true);

\echo Replicas. The lag grows: rotate-driver pause, or a smaller batch.
SELECT application_name, client_addr, state, sync_state, replay_lag
FROM pg_catalog.pg_stat_replication;

SELECT pg_catalog.to_regclass('cron.job_run_details') IS NOT NULL AS has_cron
\gset
\if :has_cron
    \echo Jobs of pg_cron: their last results.
    SELECT jobid, start_time, status, return_message
    FROM cron.job_run_details
    ORDER BY runid DESC
    LIMIT 5;
\endif
