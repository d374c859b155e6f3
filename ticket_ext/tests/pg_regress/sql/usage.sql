-- What a user of psql sees when all goes well.
CREATE EXTENSION ticket_ext;
SELECT extversion FROM pg_extension WHERE extname = 'ticket_ext';
CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid UNIQUE DEFAULT gen_random_uuid());
INSERT INTO ticket SELECT generate_series(1, 10);
CREATE TABLE leaked AS TABLE ticket;
-- batch after batch, until NULL
\pset null NULL
SELECT rotate_ticket_tokens(0, 4);
SELECT rotate_ticket_tokens(4, 4);
SELECT rotate_ticket_tokens(NULL, 4);
SELECT rotate_ticket_tokens(NULL, 4);
SELECT count(*) FROM ticket JOIN leaked USING (id) WHERE ticket.token <> leaked.token;
SELECT run_id, target, token_column, state, last_id, tickets_done, tickets_planned, percent FROM batch_progress;
SELECT run_id, sweep, first_id, last_id, tickets, range_tickets, keys FROM ticket_rotation_batch ORDER BY last_id, sweep;
-- a start in the middle leaves the part below to be done
SELECT start_ticket_rotation('ticket', 'token', 2);
SELECT rotate_ticket_tokens(7, 10);
SELECT run_id, first_id, last_id, rotated_at IS NOT NULL AS rotated
FROM ticket_rotation_range WHERE run_id = 2 ORDER BY first_id;
-- pause, resume and the loop with commits
SELECT pause_ticket_rotation();
SELECT resume_ticket_rotation('ticket');
-- tuned for every driver, and back to what each was told
SELECT tune_ticket_rotation('100 ms', nice => 0.5, workers => 4);
SELECT tune_ticket_rotation(nice => 0);
SELECT batch_time, nice, workers FROM batch_progress WHERE run_id = 2;
SELECT tune_ticket_rotation();
SELECT batch_time, nice, workers FROM batch_progress WHERE run_id = 2;
CALL rotate_all_tickets(3);
SELECT state, tickets_done, percent, time_remaining FROM batch_progress WHERE run_id = 2;
-- the loop ends when its time is over, after the batch in flight
SELECT start_ticket_rotation();
CALL rotate_all_tickets(3, max_duration => '0 s');
SELECT state, tickets_done FROM batch_progress WHERE run_id = 3;
SELECT cancel_ticket_rotation();
SELECT state, finished_at IS NOT NULL AS finished FROM ticket_rotation WHERE run_id = 3;
-- the proof, and what is left of it once the entries are dropped
SELECT run_id, state, verified, tickets_rotated, ledger_gaps, old_tokens, not_rotated FROM verify_ticket_rotation();
SELECT start_ticket_rotation();
CALL rotate_all_tickets(4);
INSERT INTO ticket VALUES (-1);
SELECT run_id, state, verified, tickets_rotated, ledger_gaps, old_tokens, not_rotated, created_since FROM verify_ticket_rotation();
SELECT forget_ticket_rotation(4);
SELECT run_id, state, verified, tickets_rotated, ledger_gaps, old_tokens, not_rotated FROM verify_ticket_rotation();
DROP TABLE ticket, leaked;
SELECT target_name, state FROM ticket_rotation ORDER BY run_id;
DROP EXTENSION ticket_ext;
