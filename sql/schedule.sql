-- Rotates all tickets by pg_cron alone, with nobody logged in.
--
--   psql -f sql/schedule.sql
--
-- Run it in the database of the tickets, which has to be the one that cron.database_name names, as a role that may
-- rotate them (sql/roles.sql) and use pg_cron (GRANT USAGE ON SCHEMA cron): the jobs run as that role. It starts a
-- run where the table never had one, else continues the unfinished one. A second call changes nothing.
-- For another run after a finished one, first: SELECT start_ticket_rotation();
--
-- Watch:       SELECT * FROM batch_progress ORDER BY run_id DESC LIMIT 1;
--              SELECT start_time, status, return_message FROM cron.job_run_details ORDER BY runid DESC LIMIT 10;
-- Pause:       SELECT pause_ticket_rotation();    from now on the job fails, and its message says why
-- Go on:       SELECT resume_ticket_rotation();
-- Unschedule:  SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname LIKE 'rotate tickets%';
--
-- Nothing is lost or done twice, whatever you do: the next job, driver or psql goes on behind the last batch.
-- pg_cron starts a job again only after its last start has ended, and sessions wait for each other or share the work.

\set ON_ERROR_STOP on

CREATE EXTENSION IF NOT EXISTS pg_cron;

-- From 1.5 on, pg_cron knows seconds: a batch of 5000 every 5 seconds is a million tickets in 17 minutes.
-- Before, each minute for 50 seconds, batch after batch.
SELECT string_to_array(substring(extversion FROM '^\d+\.\d+'), '.')::integer[] >= '{1,5}' AS knows_seconds
FROM pg_extension
WHERE extname = 'pg_cron'
\gset
\if :knows_seconds
    SELECT cron.schedule('rotate tickets', '5 seconds', 'SELECT rotate_ticket_tokens(NULL, 5000)');
\else
    SELECT cron.schedule('rotate tickets', '* * * * *', $$CALL rotate_all_tickets(5000, max_duration => '50 s')$$);
\endif

-- Each minute: once the newest run has ended, both jobs remove themselves. What pg_cron was about to do with them at
-- that moment is listed as "job canceled", which is nothing to worry about.
SELECT cron.schedule('rotate tickets: end', '* * * * *', $$
    SELECT cron.unschedule(jobid)
    FROM cron.job
    WHERE jobname IN ('rotate tickets', 'rotate tickets: end')
      AND (SELECT finished_at FROM batch_progress ORDER BY run_id DESC LIMIT 1) IS NOT NULL
$$);
