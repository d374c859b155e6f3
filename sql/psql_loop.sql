-- Rotates all tickets from psql alone: one transaction and one line of progress per batch.
--
--   psql -v batch=5000 -v target=shop.voucher -v token_column=code -f sql/psql_loop.sql
--
-- target is written as in SQL, token_column is the column's plain name; without them the settings ticket_ext.target and
-- ticket_ext.token_column count, whose defaults are ticket and token.
--
-- It finds the extension, or the plain-SQL edition of the role that runs it; -v schema=NAME names another one.
-- It starts a run where the table never had one, else continues the unfinished one. Stop it whenever you like, by
-- Ctrl-C or kill -9: the batch in flight is rolled back, and the same command goes on behind the last committed one.
-- Drivers, pg_cron jobs and more sessions of this script may work on the same run.
--
-- Another run after a finished one:  psql -c "SELECT start_ticket_rotation('shop.voucher', 'code')", then this script
-- (in the plain-SQL edition: ticket_ext.start_ticket_rotation).
-- Not with --single-transaction: each batch commits by itself.

\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\if :{?batch}
\else
    \set batch 5000
\endif

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

-- A call that may take no time rotates one batch. The first one starts the run, where there is none.
CALL :schema.rotate_all_tickets(:batch::integer, '0'::interval, :arguments);

SELECT pg_catalog.max(run_id) AS run
FROM :schema.batch_progress
WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) :target_oid
  AND token_column OPERATOR(pg_catalog.=) :'token_column'::pg_catalog.name
\gset

PREPARE progress AS
SELECT pg_catalog.format('completed: %s %% (%s of %s) | %s',
                         percent, tickets_done, tickets_planned,
                         CASE WHEN phase OPERATOR(pg_catalog.=) 'sweeping' THEN 'sweeping'
                              ELSE pg_catalog.concat('remaining time: ', coalesce(time_remaining::pg_catalog.text, '-'))
                         END)
FROM :schema.batch_progress
WHERE run_id OPERATOR(pg_catalog.=) :run AND state OPERATOR(pg_catalog.=) 'active';

-- \gexec sends the columns of each row as statements: a batch and its line, as often as there are batches left.
SELECT pg_catalog.format('CALL %s.rotate_all_tickets(%s::integer, ''0''::interval, %s)', :'schema', :batch, :'arguments'),
       'EXECUTE progress'
FROM :schema.batch_progress,
     pg_catalog.generate_series(1, pg_catalog.ceil(
         (tickets_planned OPERATOR(pg_catalog.-) tickets_done)::numeric OPERATOR(pg_catalog./) :batch))
WHERE run_id OPERATOR(pg_catalog.=) :run
\gexec

-- What came in between, such as tickets that were in flight, and the end of the run.
CALL :schema.rotate_all_tickets(:batch::integer, NULL::interval, :arguments);
SELECT pg_catalog.format('run %s is %s: %s tickets have a new token', run_id, state, tickets_done)
FROM :schema.batch_progress
WHERE run_id OPERATOR(pg_catalog.=) :run;
