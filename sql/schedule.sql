-- Rotates all tickets of a table by pg_cron alone, with nobody logged in.
--
--   psql -v target=shop.voucher -v token_column=code -f sql/schedule.sql
--
-- target is written as in SQL, token_column is the column's plain name; without them the settings ticket_ext.target and
-- ticket_ext.token_column count, whose defaults are ticket and token. It finds the extension, or the plain-SQL edition
-- of the role that runs it; -v schema=NAME names another one.
--
-- Run it in the database of the tickets, as a role that may rotate them (sql/roles.sql) and use pg_cron (GRANT USAGE ON
-- SCHEMA cron): the jobs run as that role. pg_cron is in one database of a server, on managed ones mostly "postgres";
-- where that is another than the tickets' and the role may not look it up: -v cron_database=postgres. There the role
-- also needs, by an administrator: GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO app;
--
-- It starts a run where the table never had one, else continues the unfinished one. A second call changes nothing.
-- For another run after a finished one, first: SELECT start_ticket_rotation('shop.voucher', 'code');
--
-- Watch:       SELECT * FROM batch_progress ORDER BY run_id DESC LIMIT 1;
--              SELECT start_time, status, return_message FROM cron.job_run_details ORDER BY runid DESC LIMIT 10;
-- Pause:       SELECT pause_ticket_rotation('shop.voucher', 'code');    the job fails then, and its message says why
-- Go on:       SELECT resume_ticket_rotation('shop.voucher', 'code');
-- Unschedule:  SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname LIKE 'rotate app: shop.voucher (code)%';
--
-- Nothing is lost or done twice, whatever you do: the next job, driver or psql goes on behind the last batch.
-- pg_cron starts a job again only after its last start has ended, and sessions wait for each other or share the work.

\set ON_ERROR_STOP on
\pset tuples_only on
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

SELECT class.oid AS target_oid,
       pg_catalog.format('%I.%I', nspname, relname) AS target,
       pg_catalog.format('%L::pg_catalog.regclass, %L::pg_catalog.name',
                         pg_catalog.format('%I.%I', nspname, relname), :'token_column') AS arguments
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
WHERE class.oid OPERATOR(pg_catalog.=) :'target'::pg_catalog.regclass
\gset

-- What the jobs do, and what tells that the newest run of the table has ended.
SELECT pg_catalog.current_database() AS database,
       pg_catalog.format('rotate %s: %s (%s)', pg_catalog.current_database(), :'target', :'token_column') AS job,
       pg_catalog.format('SELECT %s.rotate_ticket_tokens(NULL::bigint, 5000, %s)', :'schema', :'arguments') AS a_batch,
       pg_catalog.format('CALL %s.rotate_all_tickets(5000, ''50 s''::interval, %s)', :'schema', :'arguments') AS batches,
       pg_catalog.format($$(SELECT finished_at FROM %s.batch_progress
           WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) %s
             AND token_column OPERATOR(pg_catalog.=) %L::pg_catalog.name
           ORDER BY run_id DESC
           LIMIT 1) IS NOT NULL$$, :'schema', :target_oid, :'token_column') AS has_ended
\gset
\if :{?cron_database}
\else
    SELECT coalesce((SELECT setting FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'cron.database_name'),
                    :'database') AS cron_database
    \gset
\endif
SELECT :'cron_database' OPERATOR(pg_catalog.=) :'database' AS is_here
\gset
\if :is_here
\else
    \connect :cron_database
\endif

DO $$
BEGIN
    IF pg_catalog.to_regclass('cron.job') IS NULL THEN
        RAISE EXCEPTION 'pg_cron is not installed in database "%"', pg_catalog.current_database()
            USING HINT := 'Where it is in another database: -v cron_database=NAME. Else switch it on (the parameter '
                         'shared_preload_libraries), and there: CREATE EXTENSION pg_cron;';
    END IF;
END
$$;

-- From 1.5 on, pg_cron knows seconds: a batch of 5000 every 5 seconds is a million tickets in 17 minutes.
-- Before, each minute for 50 seconds, batch after batch.
SELECT CASE WHEN knows_seconds THEN '5 seconds' ELSE '* * * * *' END AS often,
       CASE WHEN knows_seconds THEN :'a_batch' ELSE :'batches' END AS command
FROM (SELECT pg_catalog.string_to_array(substring(extversion FROM '^\d+\.\d+'), '.')::integer[]
                 OPERATOR(pg_catalog.>=) ARRAY[1, 5] AS knows_seconds
      FROM pg_catalog.pg_extension
      WHERE extname OPERATOR(pg_catalog.=) 'pg_cron'::pg_catalog.name) AS version
\gset

-- A job of another database can say that the run has ended only by failing.
\if :is_here
    SELECT cron.schedule(:'job', :'often', :'command');
    \set ended :has_ended
\else
    SELECT cron.schedule_in_database(:'job', :'often', :'command', :'database');
    SELECT cron.schedule_in_database(:'job' OPERATOR(pg_catalog.||) ': ended?', '* * * * *', pg_catalog.format(
        'DO %L', pg_catalog.format($$
    BEGIN
        IF %s THEN
            RAISE EXCEPTION 'this rotation has ended';
        END IF;
    END
    $$, :'has_ended')), :'database');
    SELECT pg_catalog.format($$EXISTS (SELECT FROM cron.job_run_details AS run
              WHERE run.jobid OPERATOR(pg_catalog.=) (SELECT jobid FROM cron.job
                                                     WHERE jobname OPERATOR(pg_catalog.=) %L
                                                       AND username OPERATOR(pg_catalog.=) current_user)
                AND return_message OPERATOR(pg_catalog.~) 'this rotation has ended')$$,
              :'job' OPERATOR(pg_catalog.||) ': ended?') AS ended
    \gset
\endif

-- Each minute: once the run has ended, all these jobs remove themselves. What pg_cron was about to do with them at that
-- moment is listed as "job canceled", which is nothing to worry about. The list keeps an hour of them.
SELECT cron.schedule(:'job' OPERATOR(pg_catalog.||) ': end', '* * * * *', pg_catalog.format($$
    WITH own AS (
        SELECT jobid
        FROM cron.job
        WHERE jobname OPERATOR(pg_catalog.=) ANY (ARRAY[%L, %L, %L])
          AND username OPERATOR(pg_catalog.=) current_user
    ), old AS (
        DELETE FROM cron.job_run_details
        WHERE jobid OPERATOR(pg_catalog.=) ANY (SELECT jobid FROM own)
          AND end_time OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) '1 hour'::interval)
    )
    SELECT cron.unschedule(jobid) FROM own WHERE %s
$$, :'job', :'job' OPERATOR(pg_catalog.||) ': ended?', :'job' OPERATOR(pg_catalog.||) ': end', :'ended'));
