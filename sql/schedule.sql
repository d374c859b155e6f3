-- Rotates all tickets of a table by pg_cron alone, with nobody logged in.
--
--   psql -v target=shop.voucher -v token_column=code -f sql/schedule.sql
--
-- target is written as in SQL, token_column is the column's plain name; without them the settings ticket_ext.target and
-- ticket_ext.token_column count, whose defaults are ticket and token.
--
-- Run it in the database of the tickets, which has to be the one that cron.database_name names, as a role that may
-- rotate them (sql/roles.sql) and use pg_cron (GRANT USAGE ON SCHEMA cron): the jobs run as that role. It starts a
-- run where the table never had one, else continues the unfinished one. A second call changes nothing.
-- For another run after a finished one, first: SELECT start_ticket_rotation('shop.voucher', 'code');
--
-- Watch:       SELECT * FROM batch_progress ORDER BY run_id DESC LIMIT 1;
--              SELECT start_time, status, return_message FROM cron.job_run_details ORDER BY runid DESC LIMIT 10;
-- Pause:       SELECT pause_ticket_rotation('shop.voucher', 'code');    the job fails then, and its message says why
-- Go on:       SELECT resume_ticket_rotation('shop.voucher', 'code');
-- Unschedule:  SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname LIKE 'rotate shop.voucher (code)%';
--
-- Nothing is lost or done twice, whatever you do: the next job, driver or psql goes on behind the last batch.
-- pg_cron starts a job again only after its last start has ended, and sessions wait for each other or share the work.

\set ON_ERROR_STOP on
\if :{?target}
\else
    SELECT coalesce(pg_catalog.current_setting('ticket_ext.target', true), 'ticket') AS target
    \gset
\endif
\if :{?token_column}
\else
    SELECT coalesce(pg_catalog.current_setting('ticket_ext.token_column', true), 'token') AS token_column
    \gset
\endif

SELECT pg_catalog.quote_ident(nspname::pg_catalog.text) AS schema
FROM pg_catalog.pg_extension
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) extnamespace
WHERE extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name
\gset

SELECT class.oid AS target_oid,
       pg_catalog.format('%I.%I', nspname, relname) AS target,
       pg_catalog.format('%L::pg_catalog.regclass, %L::pg_catalog.name',
                         pg_catalog.format('%I.%I', nspname, relname), :'token_column') AS arguments
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
WHERE class.oid OPERATOR(pg_catalog.=) :'target'::pg_catalog.regclass
\gset

CREATE EXTENSION IF NOT EXISTS pg_cron;

SELECT pg_catalog.format('rotate %s (%s)', :'target', :'token_column') AS job,
       pg_catalog.format('rotate %s (%s): end', :'target', :'token_column') AS end_job,
       -- From 1.5 on, pg_cron knows seconds: a batch of 5000 every 5 seconds is a million tickets in 17 minutes.
       -- Before, each minute for 50 seconds, batch after batch.
       pg_catalog.string_to_array(substring(extversion FROM '^\d+\.\d+'), '.')::integer[]
           OPERATOR(pg_catalog.>=) ARRAY[1, 5] AS knows_seconds
FROM pg_catalog.pg_extension
WHERE extname OPERATOR(pg_catalog.=) 'pg_cron'::pg_catalog.name
\gset
\if :knows_seconds
    SELECT cron.schedule(:'job', '5 seconds', pg_catalog.format(
        'SELECT %s.rotate_ticket_tokens(NULL::bigint, 5000, %s)', :'schema', :'arguments'));
\else
    SELECT cron.schedule(:'job', '* * * * *', pg_catalog.format(
        'CALL %s.rotate_all_tickets(5000, ''50 s''::interval, %s)', :'schema', :'arguments'));
\endif

-- Each minute: once the newest run of the table has ended, both jobs remove themselves. What pg_cron was about to do
-- with them at that moment is listed as "job canceled", which is nothing to worry about.
SELECT cron.schedule(:'end_job', '* * * * *', pg_catalog.format($$
    SELECT cron.unschedule(jobid)
    FROM cron.job
    WHERE jobname OPERATOR(pg_catalog.=) ANY (ARRAY[%L, %L])
      AND (SELECT finished_at FROM %s.batch_progress
           WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) %s
             AND token_column OPERATOR(pg_catalog.=) %L::pg_catalog.name
           ORDER BY run_id DESC
           LIMIT 1) IS NOT NULL
$$, :'job', :'end_job', :'schema', :target_oid, :'token_column'));
