-- Rotates all tickets from psql alone: one transaction and one line of progress per batch.
--
--   psql -v batch=5000 -f sql/psql_loop.sql
--
-- It starts a run where the table never had one, else continues the unfinished one. Stop it whenever you like, by
-- Ctrl-C or kill -9: the batch in flight is rolled back, and the same command goes on behind the last committed one.
-- Drivers, pg_cron jobs and more sessions of this script may work on the same run.
--
-- Another run after a finished one:  psql -c 'SELECT start_ticket_rotation()'   and then this script
-- Another table:  PGOPTIONS='-c ticket_ext.target=shop.voucher -c ticket_ext.token_column=code' psql ...
-- Not with --single-transaction: each batch commits by itself.

\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\if :{?batch}
\else
    \set batch 5000
\endif

-- A call that may take no time rotates one batch. The first one starts the run, where there is none.
CALL rotate_all_tickets(:batch, max_duration => '0');

SELECT max(run_id) AS run FROM batch_progress
WHERE target = current_setting('ticket_ext.target')::regclass
  AND token_column = current_setting('ticket_ext.token_column')
\gset

PREPARE progress AS
SELECT format('completed: %s %% (%s of %s) | remaining time: %s',
              percent, tickets_done, tickets_planned, coalesce(time_remaining::text, '-'))
FROM batch_progress
WHERE run_id = :run AND state = 'active';

-- \gexec sends the columns of each row as statements: a batch and its line, as often as there are batches left.
SELECT format('CALL rotate_all_tickets(%s, max_duration => %L)', :batch, '0'), 'EXECUTE progress'
FROM batch_progress, generate_series(1, ceil((tickets_planned - tickets_done)::numeric / :batch))
WHERE run_id = :run
\gexec

-- What came in between, such as tickets that were in flight, and the end of the run.
CALL rotate_all_tickets(:batch);
SELECT format('run %s is %s: %s tickets have a new token', run_id, state, tickets_done)
FROM batch_progress
WHERE run_id = :run;
