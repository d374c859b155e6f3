-- What a role may do with sql/roles.sql and without it.
CREATE SCHEMA rotation;
CREATE EXTENSION ticket_ext SCHEMA rotation;
CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid());
INSERT INTO ticket SELECT generate_series(1, 10);
CREATE ROLE regress_rotator;
GRANT USAGE ON SCHEMA rotation TO regress_rotator;
SET ROLE regress_rotator;
SELECT rotation.rotate_ticket_tokens(0, 4);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
TABLE rotation.batch_progress;
RESET ROLE;
\set role regress_rotator
\set target public.ticket
\set token_column token
\set schema rotation
\set repository `echo "$REPOSITORY"`
\set recipe :repository /sql/roles.sql
\i :recipe
\set ON_ERROR_STOP off
SET ROLE regress_rotator;
SELECT rotation.rotate_ticket_tokens(0, 4);
SELECT rotation.pause_ticket_rotation(), rotation.resume_ticket_rotation();
SELECT rotation.tune_ticket_rotation(nice => 1), rotation.tune_ticket_rotation();
CALL rotation.rotate_all_tickets(4);
SELECT state, tickets_done FROM rotation.batch_progress;
-- and no more than that
UPDATE rotation.ticket_rotation_batch SET tickets = 0;
DELETE FROM rotation.ticket_rotation;
DELETE FROM rotation.ticket_rotation_control;
UPDATE ticket SET id = id + 100;
RESET ROLE;
-- the rotation tables belong to nobody but their owner; the version may be read
SELECT relname FROM pg_class
WHERE relnamespace = 'rotation'::regnamespace AND relacl::text ~ '[{,]=' ORDER BY relname;
DROP OWNED BY regress_rotator;
DROP ROLE regress_rotator;
