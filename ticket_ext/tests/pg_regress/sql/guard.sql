-- Old tokens that are written back, held off or refused, and rotated once more.
CREATE EXTENSION ticket_ext;
CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid UNIQUE DEFAULT gen_random_uuid(), price integer DEFAULT 1);
INSERT INTO ticket SELECT generate_series(1, 10);
CREATE TABLE leaked AS TABLE ticket;
CALL rotate_all_tickets(4);
-- one came back before the guard was on
UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 3;
SELECT verified, old_tokens, old_token_keys FROM verify_ticket_rotation();
SELECT guard_ticket_tokens(action => 'ignore');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT guard_ticket_tokens();
SELECT guard_ticket_tokens();
SELECT * FROM ticket_guard;
SELECT sweep_ticket_rotation();
SELECT sweep_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT state, phase, tickets_done, percent FROM batch_progress;
CALL rotate_all_tickets(4);
SELECT verified, tickets_rotated, tickets_swept, old_tokens FROM verify_ticket_rotation();
-- an ORM saves all columns of an object
UPDATE ticket SET id = leaked.id, token = leaked.token, price = 2 FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7;
SELECT ticket.price, ticket.token = leaked.token AS old FROM ticket JOIN leaked USING (id) WHERE id = 7;
SELECT state, held_off, held_off_key, held_off_at IS NOT NULL AS at FROM batch_progress;
SELECT guard_ticket_tokens(action => 'refuse');
UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- the triggers are named to fire last
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'ticket'::regclass ORDER BY tgname;
-- they are the owner's
CREATE ROLE regress_writer;
GRANT SELECT, UPDATE ON ticket TO regress_writer;
GRANT SELECT ON leaked TO regress_writer;
SET ROLE regress_writer;
SELECT unguard_ticket_tokens();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id = 7;
RESET ROLE;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;
CREATE TRIGGER by_hand BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION ticket_guard('keep');
UPDATE ticket SET token = NULL WHERE id = 1;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DROP TRIGGER by_hand ON ticket;
-- the column and the extension are not dropped under it
ALTER TABLE ticket DROP token;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT unguard_ticket_tokens();
SELECT unguard_ticket_tokens();
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ticket'::regclass;
