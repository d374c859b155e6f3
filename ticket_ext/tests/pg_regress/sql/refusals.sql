-- Bad input: one clear error each, before anything is changed.
CREATE EXTENSION ticket_ext;
CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid DEFAULT gen_random_uuid());
INSERT INTO ticket SELECT generate_series(1, 10);
CREATE TABLE leaked AS TABLE ticket;
-- batch
SELECT rotate_ticket_tokens(0, 0);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT rotate_ticket_tokens(0, -5);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT rotate_ticket_tokens(0, NULL);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation(ranges => 0);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation(ranges => 1001);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- tuning
SELECT tune_ticket_rotation(batch_time => '9 ms');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT tune_ticket_rotation(batch_time => '1 day');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT tune_ticket_rotation(nice => -0.5);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT tune_ticket_rotation(workers => 65);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- target
SELECT rotate_ticket_tokens(0, 1, 'no_such_table');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SET ticket_ext.target = 'app.Ticket';
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ticket_ext.target;
SELECT rotate_ticket_tokens(0, 1, 4294967295::regclass);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE VIEW ticket_view AS TABLE ticket;
SELECT rotate_ticket_tokens(0, 1, 'ticket_view');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE MATERIALIZED VIEW ticket_copy AS TABLE ticket;
SELECT rotate_ticket_tokens(0, 1, 'ticket_copy');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT rotate_ticket_tokens(0, 1, 'ticket_pkey');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
CREATE FOREIGN TABLE foreign_ticket (id bigint, token uuid) SERVER elsewhere;
SELECT rotate_ticket_tokens(0, 1, 'foreign_ticket');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE parent (id bigint PRIMARY KEY, token uuid);
CREATE FOREIGN TABLE foreign_child () INHERITS (parent) SERVER elsewhere;
SELECT rotate_ticket_tokens(0, 1, 'parent');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE heir () INHERITS (ticket);
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DROP TABLE heir;
-- key
CREATE TABLE no_key (id bigint, token uuid);
SELECT rotate_ticket_tokens(0, 1, 'no_key');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('no_key', key_column => 'id');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
ALTER TABLE no_key ALTER id SET NOT NULL;
SELECT start_ticket_rotation('no_key', key_column => 'id');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE two_keys (id bigint, part integer, note text, token uuid, PRIMARY KEY (id, part));
SELECT rotate_ticket_tokens(0, 1, 'two_keys');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('two_keys', key_column => 'note');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('two_keys', key_column => 'token');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('two_keys', key_column => 'number');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE token_key (token uuid PRIMARY KEY, at timestamptz) PARTITION BY HASH (token);
SELECT rotate_ticket_tokens(0, 1, 'token_key');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- token column
SELECT rotate_ticket_tokens(0, 1, 'ticket', 'Token');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT rotate_ticket_tokens(0, 1, 'ticket', 'ctid');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE columns (
    id bigint PRIMARY KEY,
    number integer,
    short varchar(10),
    fixed char(36),
    computed text GENERATED ALWAYS AS ('t' || id) STORED
);
SELECT rotate_ticket_tokens(0, 1, 'columns', 'number');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT rotate_ticket_tokens(0, 1, 'columns', 'computed');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- format
INSERT INTO columns (id, short, fixed) SELECT i, 'k_' || substr(md5(i::text), 1, 8), NULL FROM generate_series(1, 9) AS i;
SELECT rotate_ticket_tokens(0, 1, 'columns', 'short');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('columns', 'short', format => 'k_{base61:8}');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('columns', 'short', format => 'k_{hex:8}');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('columns', 'short', format => '{hex:64}');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation('columns', 'short', format => 'function:nothing');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
ALTER TABLE columns ADD CHECK (short LIKE 'k%');
SELECT start_ticket_rotation('columns', 'short', format => '{base62:10}', force => true);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- what could leave tickets behind
CREATE TABLE ruled (id bigint PRIMARY KEY, token uuid);
CREATE RULE keep AS ON UPDATE TO ruled DO INSTEAD NOTHING;
SELECT rotate_ticket_tokens(0, 1, 'ruled');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE secured (id bigint PRIMARY KEY, token uuid);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE ROLE regress_reader;
GRANT SELECT, UPDATE ON secured TO regress_reader;
GRANT EXECUTE ON FUNCTION rotate_ticket_tokens TO regress_reader;
SET ROLE regress_reader;
SELECT rotate_ticket_tokens(0, 1, 'secured');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ROLE;
CREATE TABLE linked (id bigint PRIMARY KEY, token uuid UNIQUE);
CREATE TABLE link (token uuid CONSTRAINT linked_token REFERENCES linked (token));
SELECT rotate_ticket_tokens(0, 1, 'linked');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF OLD.id % 3 = 0 THEN RETURN NULL; END IF; RETURN NEW; END';
CREATE TRIGGER keep BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION keep();
SELECT rotate_ticket_tokens(0, 10);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.token := OLD.token; RETURN NEW; END';
SELECT rotate_ticket_tokens(0, 10);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DROP TRIGGER keep ON ticket;
-- transaction
BEGIN READ ONLY;
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
ROLLBACK;
SET session_replication_role = replica;
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET session_replication_role;
-- whose setting it is
CREATE FUNCTION rotate_some() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT rotate_ticket_tokens(NULL, 100)';
SET ticket_ext.token_column = 'note';
SELECT rotate_some();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
RESET ticket_ext.token_column;
-- part of a batch
SELECT renew_ticket_token(NULL::uuid, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ticket_is_due(gen_random_uuid(), 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT forget_ticket_rotation(7);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
-- nothing has been changed so far
SELECT count(*) FROM ticket_rotation;
SELECT count(*) FROM ticket JOIN leaked USING (id, token);
-- state
SELECT pause_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT tune_ticket_rotation(workers => 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CREATE TABLE empty (LIKE ticket INCLUDING ALL);
SELECT start_ticket_rotation('empty');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation();
SELECT start_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT pause_ticket_rotation();
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT start_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT cancel_ticket_rotation();
SELECT rotate_ticket_tokens(0, 1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT tune_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT resume_ticket_rotation();
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
