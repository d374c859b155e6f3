-- ticket_ext 0.1.0, the plain-SQL edition: regenerates the leaked tokens of a live table, exactly once each.
-- Made by: rotate-driver setup --print
--
-- Run it as the owner of the table, in the table's database, on PostgreSQL 13 or later: by psql, by a migration tool,
-- or in an SQL console. It is one transaction, with all of it or nothing; a tool that has one around each migration
-- does without the BEGIN below and the COMMIT at the end. Whoever rotates has to be its owner, or a member of that
-- role.

BEGIN;

-- One setup at a time, for as long as its transaction lasts. Literals are read as standard SQL has them.
SET LOCAL lock_timeout = '10s';
SET LOCAL standard_conforming_strings = on;
-- Citus, where there is one, would have the schema and its functions on all nodes. They are asked of none but this one.
SET LOCAL citus.enable_ddl_propagation = off;
DO $lock$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('rotate-driver setup', 0));
END
$lock$;

DO $setup$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension
               WHERE extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name) THEN
        RAISE EXCEPTION 'extension ticket_ext is installed in this database: nothing was changed'
            USING HINT := 'The plain-SQL edition is for servers without it.';
    ELSIF pg_catalog.to_regclass('"ticket_ext".ticket_rotation_version') IS NOT NULL THEN
        RAISE EXCEPTION 'schema "ticket_ext" has an edition of ticket_ext already: nothing was changed'
            USING HINT := 'Another version is brought up to date by rotate-driver setup.';
    END IF;
END
$setup$;

CREATE SCHEMA "ticket_ext";

-- The plain-SQL edition of ticket_ext, for servers where no compiled extension can be installed.
SET LOCAL check_function_bodies TO off;
-- Which edition of ticket_ext this is, and which version of it. The driver finds the plain-SQL edition by this table,
-- and compares the version with its own. It is no data of the users: each installation writes its own row.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE "ticket_ext".ticket_rotation_version (
    version text NOT NULL,
    edition text NOT NULL CHECK (edition IN ('extension', 'plain')),
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE UNIQUE INDEX ticket_rotation_version_row ON "ticket_ext".ticket_rotation_version ((true));

COMMENT ON TABLE "ticket_ext".ticket_rotation_version IS 'What is installed: one row';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_version.version IS 'The version of the functions and tables';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_version.edition IS 'extension, or plain: without a library, as rotate-driver setup installs it';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_version.installed_at IS 'When this version was installed';
COMMENT ON INDEX "ticket_ext".ticket_rotation_version_row IS 'Allows one row';

REVOKE ALL ON "ticket_ext".ticket_rotation_version FROM PUBLIC;
GRANT SELECT ON "ticket_ext".ticket_rotation_version TO PUBLIC;

SET LOCAL search_path TO "ticket_ext", pg_temp;
-- The data model: a run, the ranges it is divided into, and the ledger of its batches.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE "ticket_ext".ticket_rotation (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target regclass NOT NULL,
    target_oid oid NOT NULL,
    target_name text NOT NULL,
    key_column name NOT NULL,
    key_number smallint NOT NULL,
    token_column name NOT NULL,
    token_number smallint NOT NULL,
    state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'paused', 'cancelled', 'finished')),
    upper_id bigint NOT NULL,
    horizon xid8 NOT NULL,
    system_identifier bigint,
    ledger_identity text NOT NULL,
    sweep integer NOT NULL DEFAULT 1 CHECK (sweep > 0),
    sweep_horizon xid8,
    tickets_planned bigint NOT NULL CHECK (tickets_planned >= 0),
    token_format text NOT NULL DEFAULT 'uuid',
    fill_null boolean NOT NULL DEFAULT false,
    without_token bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    forgotten_at timestamptz,
    CHECK ((finished_at IS NULL) = (state IN ('active', 'paused')))
);

CREATE INDEX ticket_rotation_target ON "ticket_ext".ticket_rotation (target, run_id);
CREATE UNIQUE INDEX ticket_rotation_unfinished ON "ticket_ext".ticket_rotation (target, token_number)
    WHERE finished_at IS NULL;

COMMENT ON TABLE "ticket_ext".ticket_rotation IS 'Runs: one row per rotation of a table''s token column';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.run_id IS 'Number of the run';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.target IS 'The table whose tokens are rotated';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.target_oid IS 'The number that the table had when the run started: another one in target says that it was restored';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.target_name IS 'Schema and name of the table when the run started or was resumed, kept as evidence once it is dropped';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.key_column IS 'The column that orders the tickets';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.key_number IS 'Its number in the table, which it keeps under another name';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.token_column IS 'The column whose tokens are rotated, as it was called when the run started or was resumed';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.token_number IS 'Its number in the table, which it keeps under another name';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.upper_id IS 'Highest key of the run: that of the table when the run started, or the last value of the sequence of its keys';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.horizon IS 'First transaction id that was unused when the run started: before the sweep it waits for older transactions';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.system_identifier IS 'The database cluster that the transaction ids belong to; NULL where the server does not tell';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.ledger_identity IS 'Numbers of the ledger that a restore makes anew, for servers that do not tell their cluster';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.sweep IS 'Number of the sweep at the end of the run';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.sweep_horizon IS 'Transactions below this id had ended when the sweep began';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.token_format IS 'What new tokens look like';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.fill_null IS 'Whether tickets without a token get one';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.without_token IS 'Tickets with NULL or an empty text for a token when the run started';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.started_at IS 'When the run started';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.finished_at IS 'When the run finished or was cancelled';
COMMENT ON COLUMN "ticket_ext".ticket_rotation.forgotten_at IS 'When the entries of the run were dropped';
COMMENT ON SEQUENCE "ticket_ext".ticket_rotation_run_id_seq IS 'Numbers the runs';
COMMENT ON INDEX "ticket_ext".ticket_rotation_pkey IS 'Finds a run';
COMMENT ON INDEX "ticket_ext".ticket_rotation_target IS 'Finds the newest run of a table';
COMMENT ON INDEX "ticket_ext".ticket_rotation_unfinished IS 'Allows a token column one unfinished run at a time';

CREATE TABLE "ticket_ext".ticket_rotation_range (
    run_id bigint NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    rotated_at timestamptz,
    swept_at timestamptz,
    PRIMARY KEY (run_id, first_id),
    CHECK (first_id <= last_id)
);

COMMENT ON TABLE "ticket_ext".ticket_rotation_range IS 'Ranges: the disjoint intervals of keys that a run is divided into; a batch locks the row of its range';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_range.run_id IS 'The run (no foreign key: a parallel restore may load the ranges first)';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_range.first_id IS 'The range starts with this key';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_range.last_id IS 'The range ends with this key';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_range.rotated_at IS 'When the last batch of the range was rotated';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_range.swept_at IS 'When the range was found to hold no ticket that is due';
COMMENT ON INDEX "ticket_ext".ticket_rotation_range_pkey IS 'Ranges of a run in key order';

CREATE TABLE "ticket_ext".ticket_rotation_batch (
    run_id bigint NOT NULL,
    sweep integer NOT NULL CHECK (sweep >= 0),
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    tickets bigint NOT NULL CHECK (tickets >= 0),
    range_tickets bigint NOT NULL,
    keys bigint[],
    digests bigint[],
    new_digests bigint[],
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, sweep, last_id),
    CHECK (first_id <= last_id)
);

-- Digests are random bits, which do not compress.
ALTER TABLE "ticket_ext".ticket_rotation_batch ALTER keys SET STORAGE EXTERNAL, ALTER digests SET STORAGE EXTERNAL,
    ALTER new_digests SET STORAGE EXTERNAL;
CREATE INDEX ticket_rotation_batch_finished ON "ticket_ext".ticket_rotation_batch (run_id, finished_at);

COMMENT ON TABLE "ticket_ext".ticket_rotation_batch IS 'The ledger: one row per committed batch, written in the transaction of the batch and never changed';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.run_id IS 'The run (no foreign key: a parallel restore may load the batches first, and each batch would lock the run''s row)';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.sweep IS '0 for a batch of the rotation, else the number of the sweep that it belongs to';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.first_id IS 'The batch starts with this key';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.last_id IS 'The batch ends with this key; the highest one within a range is its checkpoint';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.tickets IS 'Tickets that got a new token';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.range_tickets IS 'Tickets that got one in the range up to here: a running total, so that progress costs the same late in a run';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.keys IS 'Entries: the ids of these tickets, which are their keys, or of a uuid what ticket_key says; NULL once they are forgotten';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.digests IS 'Entries: digests of the tokens that were retired, the first 8 bytes of their SHA-256';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.new_digests IS 'Digests of the tokens that they got, where tickets can have an id in common; NULL where not';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.transaction_id IS 'The transaction that rotated the batch';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.started_at IS 'Clock time at the start of the batch';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_batch.finished_at IS 'Clock time at the end of the batch';
COMMENT ON INDEX "ticket_ext".ticket_rotation_batch_pkey IS 'Finds the checkpoint of a range and the entry of a key, and keeps a batch from being recorded twice';
COMMENT ON INDEX "ticket_ext".ticket_rotation_batch_finished IS 'Finds the last batches, for the rate';

REVOKE ALL ON "ticket_ext".ticket_rotation, "ticket_ext".ticket_rotation_range, "ticket_ext".ticket_rotation_batch FROM PUBLIC;


SET LOCAL search_path TO "ticket_ext", pg_temp;
-- Where transaction ids are at home: those that a run has noted tell nothing in another cluster, nor beside a ledger
-- that was restored. Some managed servers refuse the identifier of the cluster. There the ledger's own numbers stand
-- for it: oids and the transaction that made its key, which a restore makes anew.

CREATE FUNCTION "ticket_ext".ticket_cluster(OUT system_identifier bigint, OUT ledger_identity text)
LANGUAGE plpgsql STABLE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    SELECT concat_ws('/', database.oid, made.oid, made.xmin)
    INTO STRICT ledger_identity
    FROM pg_database AS database, pg_constraint AS made
    WHERE datname = current_database() AND contype = 'p' AND conrelid = '"ticket_ext".ticket_rotation'::regclass;
    system_identifier := control.system_identifier FROM pg_control_system() AS control;
EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    NULL;
END
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_cluster() IS
    'The cluster that transaction ids belong to, as the server tells it, and the ledger in it';
REVOKE EXECUTE ON FUNCTION "ticket_ext".ticket_cluster() FROM PUBLIC;
-- How a run is steered: what was tuned while it goes on, and what its drivers wait for.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE "ticket_ext".ticket_rotation_control (
    run_id bigint PRIMARY KEY,
    batch_time interval CHECK (batch_time BETWEEN '10 ms' AND '60 s'),
    nice double precision CHECK (nice BETWEEN 0 AND 100),
    workers integer CHECK (workers BETWEEN 1 AND 64),
    tuned_at timestamptz,
    waiting_for text,
    waiting_at timestamptz
);

COMMENT ON TABLE "ticket_ext".ticket_rotation_control IS 'Steering: at most one row per run, of what was tuned and what its drivers wait for';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.run_id IS 'The run (no foreign key: a parallel restore may load this table first)';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.batch_time IS 'How long a batch should take; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.nice IS 'How many times as long as a batch took a worker rests after it; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.workers IS 'Connections of each driver; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.tuned_at IS 'When the run was tuned last';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.waiting_for IS 'Why a driver starts no batch; NULL: it does';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_control.waiting_at IS 'When a driver said so last: it repeats it every 10 seconds while it waits';
COMMENT ON INDEX "ticket_ext".ticket_rotation_control_pkey IS 'Finds the row of a run';

REVOKE ALL ON "ticket_ext".ticket_rotation_control FROM PUBLIC;


SET LOCAL search_path TO "ticket_ext", pg_temp;
-- Everything that can be refused or go wrong. The words are those of the extension, with the same names for what is
-- filled in: a test compares them.

CREATE FUNCTION "ticket_ext".ticket_error(name text, OUT code text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE sql IMMUTABLE
AS $$
SELECT code, message, detail, hint FROM (VALUES
('NoSuchTable', '42P01', 'table "{name}" does not exist',
 'Names are looked up by search_path; a name with capitals or spaces needs double quotes.', '{NAME_THE_TABLE}'),
('WrongKind', '42809', '{name} is {kind}',
 'Tokens are rotated in ordinary and partitioned tables.', '{NAME_THE_TABLE}'),
('InheritanceChild', '0A000', 'table {child} inherits from table {table} and is no partition of it',
 'Keys are unique in each of them alone: tickets of both can have the same one.',
 'Part them, and rotate each by itself: ALTER TABLE {child} NO INHERIT {table};'),
('ForeignPart', '42809', 'partition {part} of table {table} is a foreign table',
 'What another server stores cannot be checked in the transaction of a batch.',
 'Rotate it on its own server. To leave it out here, detach it: {part}'),
('NoKey', '42P16', 'table {table} has no key that orders its tickets',
 'By default it is the primary key, of one smallint, integer, bigint or uuid column, or a column with a sequence that leads an index.',
 '{remedy}'),
('BadKey', '42611', 'column "{column}" of table {table} {fault}',
 'Batches are intervals of a key: a NOT NULL column that leads an index, so that no ticket is left out or looked for in the whole table.',
 '{remedy}'),
('BadKeyName', '42703', 'column "{column}" of table {table} {fault}',
 'Batches are intervals of a key: a NOT NULL column that leads an index, so that no ticket is left out or looked for in the whole table.',
 '{remedy}'),
('NoSuchColumn', '42703', 'table {table} has no column "{column}"',
 'The column is looked up by its plain name, without quotes.', '{NAME_THE_COLUMN}'),
('WrongColumnType', '42804', 'column {column} of table {table} is of type {found}',
 'Tokens are of type uuid, text, varchar, char(n), citext or bytea, or of a domain over one of them.', '{NAME_THE_COLUMN}'),
('BadFormat', '22023', 'format "{format}" does not serve: {fault}', '{FORMATS}', '{call}'),
('WeakFormat', '22023', 'format "{format}" has {bits:.0} random bits: its tokens can be guessed',
 'With 64 or more nobody tries all of them. Where the tickets are protected by other means:', '{call}'),
('FullFormat', '22023', 'format "{format}" has too few tokens for the {tickets} tickets of table {table}',
 'There are {:.0} different ones, and no two tickets may have the same.', 'Choose a longer one.'),
('OtherFormat', '22023', 'the tokens in column {column} of table {table} are no UUIDs',
 'In a sample of {sampled}, of which {uuids} are UUIDs, they look like {looks}.',
 'Name the format that new tokens are to have: {call}'),
('NoCommonFormat', '22023', 'the tokens in column {column} of table {table} are no UUIDs',
 'In a sample of {sampled}, of which {uuids} are UUIDs, they have nothing in common that a format could say. {FORMATS}',
 'Name the format that new tokens are to have: {call}'),
('UnfitFormat', '22023', 'tokens of format "{format}" do not fit column {column} of table {table}: {fault}',
 'New tokens were tried on the column before anything was changed.', 'Name a format that fits: {call}'),
('NoNewToken', '22000', 'the function that makes the tokens has returned {fault}', 'The batch is rolled back.',
 'Correct the function, or cancel the run and start another one with another format.'),
('Collision', '40001', 'a new token of table {table} is taken already',
 'There are {codes:.0} tokens of format {format}, and {:.2} % of them are taken. The batch is rolled back.',
 'Call again: it makes others. If that does not help, start a run with a longer format.'),
('GeneratedColumn', '428C9', 'column {column} of table {table} is a generated column',
 'The server computes it from other columns.', '{NAME_THE_COLUMN}'),
('RowSecurity', '42501', 'row-level security of table {table} is active for this role',
 'Its policies may hide tickets, which would then keep their old tokens.',
 'Rotate as the owner of {table} or as a role with BYPASSRLS.'),
('UpdateRule', '0A000', 'table {table} has the ON UPDATE rule {rule}',
 'A rule may rewrite the update, so that tickets keep their old tokens.',
 'Drop it, and create it again after the rotation: DROP RULE {rule} ON {table};'),
('ForeignKey', '2BP01', 'column {column} of table {table} is part of the foreign key {key}',
 'A token can only change under a foreign key that refers to it with ON UPDATE CASCADE.',
 'Make the foreign key ON UPDATE CASCADE, or drop it and create it again after the rotation.'),
('MissingGrants', '42501', 'permission denied to rotate the tokens of table {table}',
 'It takes SELECT on the table''s key and token, and UPDATE on its token.', '{grants}'),
('NotOnCoordinator', '55000', 'table {table} is rotated from the coordinator of its Citus cluster',
 'The ledger is kept there: runs of two nodes would rotate its tickets twice.', 'Connect to the coordinator.'),
('CitusUnfit', '0A000', 'table {table} cannot be rotated through Citus: {fault}', '{detail}', '{remedy}'),
('CitusGuard', '0A000', 'table {table} is kept by Citus and cannot be guarded',
 'A guard is a trigger, which Citus keeps from its tables, and asks the ledger, which the other nodes do not have.',
 'Sweep the run again once the application has stopped to write old tokens.'),
('Alike', '21000', 'tickets of table {table} with the key {key} have the same token',
 'They cannot be told apart on their shards. The batch is rolled back.',
 'Give one of them another token or key, and call again.'),
('NodeAway', '08006', 'node {node} of the Citus cluster does not answer: {fault}',
 'All nodes that have tickets of the table take part in its rotation.', 'Start the node and call again.'),
('NullBatch', '22023', 'batch must not be NULL',
 'It is the number of tickets to rotate in one transaction.', 'SELECT rotate_ticket_tokens(NULL, 5000);'),
('BatchTooSmall', '22023', 'batch must be at least 1, not {found}',
 'It is the number of tickets to rotate in one transaction.', 'SELECT rotate_ticket_tokens(NULL, 5000);'),
('RangesOutOfBounds', '22023', 'ranges must be between 1 and {max}, not {found}',
 'It is the number of parts that sessions can rotate side by side.', 'SELECT start_ticket_rotation(ranges => 8);'),
('BatchTimeOutOfBounds', '22023', 'batch_time must be between 10 ms and 60 s, not {seconds} s',
 'It is how long a batch should take.', 'SELECT tune_ticket_rotation(batch_time => ''200 ms'');'),
('NiceOutOfBounds', '22023', 'nice must be between 0 and 100, not {found}',
 'It is how many times as long as a batch took a worker rests after it.', 'SELECT tune_ticket_rotation(nice => 1);'),
('WorkersOutOfBounds', '22023', 'workers must be between 1 and 64, not {found}',
 'It is the number of connections that each driver rotates on.', 'SELECT tune_ticket_rotation(workers => 2);'),
('Standby', '25006', 'cannot rotate tokens on a standby',
 'A standby replays what its primary does and cannot write.', 'Connect to the primary.'),
('ReadOnly', '25006', 'cannot rotate tokens in a read-only transaction',
 'The transaction was started READ ONLY, or default_transaction_read_only is on.',
 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;'),
('Isolation', '25000', 'cannot rotate tokens at isolation level {level}',
 'A batch has to see what other sessions committed while it waited for its range.',
 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;'),
('ReplicaRole', '22023', 'cannot rotate tokens while session_replication_role is replica',
 'It keeps triggers and foreign keys from following the new tokens.', 'SET session_replication_role = origin;'),
('NoRun', '55000', 'table {table} has never been rotated', 'There is no run to change.', '{call}'),
('NoTickets', 'P0002', 'table {table} has no tickets to rotate',
 'A run covers the tickets that exist when it starts.', '{NAME_THE_TABLE}'),
('Paused', '55000', 'run {run} of table {table} is {state}', 'No batch is rotated until the run is resumed.', '{call}'),
('WrongState', '55000', 'run {run} of table {table} is {state}',
 'It cannot be changed any more; a new run rotates every ticket of the table again.', '{call}'),
('Unfinished', '55006', 'run {run} of table {table} is not finished',
 'A token column has one unfinished run at a time.', 'Let it finish, or end it: {call}'),
('OlderWriters', '55P03', 'run {run} of table {table} cannot finish while transactions older than it write to the table',
 'They may have inserted tickets that no batch could see: {}.', 'Wait and call again, or end it: {end}'),
('NoHolder', '55P03', '{what} is locked by another session',
 'It was not free for some seconds, and who held it has gone since.', 'Call again.'),
('Held', '55P03', '{what} is locked by another session', 'It is held by {}.', 'Wait and call again, or end it: {end}'),
('TableSwapped', '55000', 'run {run} belongs to a table that was called {table} and is called {now_called} now',
 'Another table has taken over its name. What the run has rotated is not in this one.',
 'Name the table that is meant, or start another run for this one: {call}'),
('TableRenamed', '55000', 'run {run} was started for table {name}, whose number {table} has now',
 'Either {name} was renamed, or it was dropped, and a restored run names another table by its number.',
 'If it is the same table, go on under its new name: {call} If not: {start}'),
('ColumnSwapped', '55000', 'run {run} of table {table} is of another column that was called "{column}"',
 'Columns have changed their names since. What the run has rotated is not in this one.',
 'Change them back, or once the run has ended start another one: {call}'),
('KeyMoved', '55000', 'run {run} of table {table} went by the key "{key}", which cannot order its tickets any more',
 'Its ranges and entries are of the old key; by another one tickets would be left out.',
 'Change it back, or once the run has ended start another one: {call}'),
('NoToken', '22P02', 'this is no token of table {table}: {expected} is expected',
 'What was given is not repeated here.', '{NAME_THE_COLUMN}'),
('NoSuchRun', 'P0002', 'there is no run {run}', 'Runs are listed in batch_progress.',
 'SELECT run_id, target, state FROM batch_progress ORDER BY run_id;'),
('NotYours', '42501', 'permission denied for run {run} of table {table}',
 'It takes the right to UPDATE the token column; the run of a dropped table is left to superusers.', 'Ask the owner of the table.'),
('StillNeeded', '55000', 'run {run} of table {table} is {state}',
 'Its entries are what it goes by until it has ended.', 'Let it finish, or cancel it.'),
('Forgotten', '55000', 'the entries of run {run} of table {table} are forgotten',
 'Without them nobody can tell an old token from a new one.',
 'Another run rotates every ticket of the table again: {call}'),
('SettingOfCaller', '42501', 'setting {setting} does not count within a SECURITY DEFINER function',
 'Its caller could choose what the function overwrites.',
 'Name table and column in the call instead of setting {setting}: SELECT rotate_ticket_tokens(NULL, 5000, ''schema.table'', ''column'');'),
('ChangedMeanwhile', '40001', 'table {table} was changed while a batch was at work',
 'Its name, its schema, a partition or a role is another one than when the batch began. It is rolled back.', 'Call again.'),
('NestedBatch', '55000', 'a batch is rotated within a batch',
 'A trigger on the tickets has called rotate_ticket_tokens.', 'Call it from outside of the triggers.'),
('Withheld', '27000', '{count} ticket(s) of table {table} would have kept their old token',
 'A trigger suppressed the update or changed the new token of ids {keys}. The batch is rolled back.',
 'For the time of the rotation: {disable}'),
('NotRotated', '27000', '{count} ticket(s) of table {table} would have kept their old token',
 'The new tokens of ids {keys} are not the ones that are stored. The batch is rolled back.',
 'Look for what else writes to them.'),
('Violation', '23000', '{message}', 'The row is withheld, because it holds tokens. The batch is rolled back.',
 'The new tokens have to satisfy the constraints of the table and of those that refer to it.'),
('NotOwner', '42501', 'must be owner of table {table} to guard its tokens',
 'A guard consists of triggers of the table.', 'Ask the owner of the table, or a superuser: {call}'),
('UnknownAction', '22023', 'action must be ''keep'' or ''refuse'', not ''{found}''',
 'A write of a retired token keeps the live one, or is refused with an error.', 'SELECT guard_ticket_tokens(action => ''keep'');'),
('RetiredToken', '23514', 'the token of ticket {key} of table {table} was retired by run {run}',
 'Its old token is written back, which may have leaked. What was read before the rotation is out of date.',
 'Read the ticket again and save it then. To let such writes keep the live token: {call}'),
('GuardByHand', '55000', 'a guard is put on a table by guard_ticket_tokens',
 'A trigger that was created otherwise does not tell which column it guards.',
 'Drop the trigger, and: SELECT guard_ticket_tokens(''schema.table'', ''column'');'),
-- of this edition alone
('Superuser', '42501', 'a superuser cannot rotate the tokens of table {table}',
 'Triggers of the table, and what they call, would run with the rights of a superuser.',
 'Rotate as the owner of the table: SET ROLE {owner};'),
('OfSuperuser', '42501', 'a superuser cannot rotate the tokens of table {table}',
 'Its owner {owner} is a superuser too: triggers of the table, and what they call, would run with such rights.',
 'Give it to a role without them, and rotate as that one: ALTER TABLE {table} OWNER TO role; SET ROLE role;'),
('ShardByHand', '0A000', 'table {table} is a shard of a distributed table',
 'What is written to it while it moves would be lost.', 'Rotate the table of which it is a part, on the coordinator.'),
('NotOfOwner', '42501', 'permission denied for the rotation tables of schema {schema}',
 'Who rotates writes them, in this edition, and belongs to their owner.', 'GRANT {owner} TO {role};')
) AS errors (name, code, message, detail, hint)
WHERE errors.name = $1
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_error(text) IS 'What the functions refuse, in words: fields in braces are filled in';

-- Fields are filled in once: what they hold may have braces of its own.
CREATE FUNCTION "ticket_ext".ticket_words(template text, facts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT string_agg(CASE WHEN place = 1 THEN part
                           ELSE (facts ->> split_part(part, '}', 1)) || substr(part, strpos(part, '}') + 1)
                      END, '' ORDER BY place)
    FROM unnest(string_to_array(template, '{')) WITH ORDINALITY AS parts (part, place)
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_words(text, jsonb) IS 'An error''s words with their fields filled in';

-- The type that it names tells clients that these words quote no row.
CREATE FUNCTION "ticket_ext".ticket_refuse(name text, facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    error record;
    -- The NAME_ and FORMATS are those of error_report.rs.
    known jsonb := jsonb_build_object(
        'NAME_THE_TABLE', 'Name the table in the call, or for the session: SET ticket_ext.target = ''schema.table'';',
        'NAME_THE_COLUMN', 'Name the column in the call, or for the session: SET ticket_ext.token_column = ''column'';',
        'FORMATS', 'A format is a text with fields of random characters, {digits:n}, {hex:n}, {HEX:n}, {base32:n}, {base36:n}, {base58:n}, {base62:n}, {base64:n}, {base64url:n} or {uuid}; uuid; {bytes:n} of a bytea; or function:name.'
    ) || jsonb_strip_nulls(facts);
BEGIN
    SELECT * INTO STRICT error FROM "ticket_ext".ticket_error(name);
    RAISE EXCEPTION USING
        ERRCODE = coalesce(facts ->> 'code', error.code),
        MESSAGE = "ticket_ext".ticket_words(error.message, known),
        DETAIL = "ticket_ext".ticket_words(error.detail, known),
        HINT = "ticket_ext".ticket_words(error.hint, known),
        DATATYPE = 'ticket_ext';
END
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_refuse(text, jsonb) IS 'Raises an error';
-- Tokens, their digests and ids. These run within the UPDATE of a batch, by the caller's search_path: all names are
-- qualified, and the bodies are simple enough for the planner to put them in place of the call.

CREATE FUNCTION "ticket_ext".new_ticket_token() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

-- The bytes of a digest: as an integer they take 0.2 us more.
CREATE FUNCTION "ticket_ext".ticket_token_hash(token bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT pg_catalog.substr(pg_catalog.sha256($1), 1, 8) $$;
COMMENT ON FUNCTION "ticket_ext".ticket_token_hash(bytea) IS 'The digest of a token in bytes';

CREATE FUNCTION "ticket_ext".ticket_token_hash(token uuid) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT "ticket_ext".ticket_token_hash(pg_catalog.uuid_send($1)) $$;
COMMENT ON FUNCTION "ticket_ext".ticket_token_hash(uuid) IS 'The digest of a token in bytes';

-- The bytes as they are stored: of all conversions only that of escapes is the same under every setting.
CREATE FUNCTION "ticket_ext".ticket_token_hash(token text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT "ticket_ext".ticket_token_hash(
        pg_catalog.decode(pg_catalog.replace($1 COLLATE pg_catalog."C", E'\\', E'\\\\'), 'escape'))
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_token_hash(text) IS 'The digest of a token in bytes';

CREATE FUNCTION "ticket_ext".ticket_digest(hash bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT ('x' OPERATOR(pg_catalog.||) pg_catalog.encode($1, 'hex'))::pg_catalog.bit(64)::pg_catalog.int8
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_digest(bytea) IS 'A digest in bytes as the ledger has it';

CREATE FUNCTION "ticket_ext".ticket_token_digest(token bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT "ticket_ext".ticket_digest("ticket_ext".ticket_token_hash($1)) $$;

CREATE FUNCTION "ticket_ext".ticket_token_digest(token uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT "ticket_ext".ticket_digest("ticket_ext".ticket_token_hash($1)) $$;

CREATE FUNCTION "ticket_ext".ticket_token_digest(token text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT "ticket_ext".ticket_digest("ticket_ext".ticket_token_hash($1)) $$;

CREATE FUNCTION "ticket_ext".ticket_key(key uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT (('x' OPERATOR(pg_catalog.||) pg_catalog.encode(pg_catalog.substr(pg_catalog.uuid_send($1), 1, 8), 'hex'))
            ::pg_catalog.bit(64) OPERATOR(pg_catalog.>>) 1)::pg_catalog.int8
$$;

-- As texts, whatever the type of the keys: the lowest and the highest key that an interval of ids can hold.
CREATE FUNCTION "ticket_ext".ticket_bounds(is_uuid boolean, first_id bigint, last_id bigint) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN NOT is_uuid THEN ARRAY[first_id::text, last_id::text]
        WHEN last_id < 0 THEN ARRAY[repeat('f', 32), repeat('0', 32)]
        ELSE ARRAY[lpad(to_hex(greatest(first_id, 0) << 1), 16, '0') || repeat('0', 16),
                   lpad(to_hex(last_id << 1 | 1), 16, '0') || repeat('f', 16)]
    END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_bounds(boolean, bigint, bigint) IS 'The lowest and the highest key that an interval of ids can hold';
-- How long a call waits for what other sessions have locked, as in lock_wait.rs: a few seconds for a table, a range or
-- a run, then an error that names the holder.

-- Sets a limit, unless a shorter one is set, and returns the one before.
CREATE FUNCTION "ticket_ext".ticket_limit_locks(longest interval) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    own interval := current_setting('lock_timeout');
BEGIN
    PERFORM set_config('lock_timeout', greatest(ceil(1000 * extract(epoch FROM longest)), 1)::text, true)
    WHERE own = interval '0' OR own > longest;
    RETURN own::text;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_limit_locks(interval) IS 'Limits waits for locks, returns the limit before';

CREATE FUNCTION "ticket_ext".ticket_unlimit_locks(before text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('lock_timeout', (1000 * extract(epoch FROM before::interval))::bigint::text, true);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_unlimit_locks(text) IS 'Takes a limit of waits back';

-- holding: a query for the pid and virtualtransaction of sessions.
CREATE FUNCTION "ticket_ext".ticket_holders(holding text, relation oid, argument anyelement) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    holders record;
BEGIN
    EXECUTE replace($q$
-- The three whose transactions are the oldest, in words, and how to end the first. A prepared transaction has no
-- process.
WITH holding AS (
    SELECT DISTINCT pid, virtualtransaction FROM (
@holding@
    ) AS locks
), holder AS (
    SELECT CASE WHEN holding.pid IS NULL AND gid IS NULL THEN 'a prepared transaction that ends just now'
                WHEN holding.pid IS NULL
                THEN format('prepared transaction %L of %I since %s', gid, owner, date_trunc('second', prepared))
                ELSE format('process %s (%s, %s since %s)', holding.pid,
                            coalesce(nullif(application_name, ''), backend_type, 'unknown'),
                            coalesce(state, 'at work'),
                            date_trunc('second', coalesce(state_change, xact_start, backend_start)))
           END AS description,
           CASE WHEN holding.pid IS NULL THEN 'ROLLBACK PREPARED ' || quote_literal(gid) || ';'
                ELSE format('SELECT pg_terminate_backend(%s);', holding.pid)
           END AS remedy,
           coalesce(xact_start, prepared) AS since
    FROM holding
    LEFT JOIN pg_stat_activity AS session ON session.pid = holding.pid
    LEFT JOIN (pg_prepared_xacts AS prepared
               JOIN pg_locks AS own ON own.locktype = 'transactionid' AND own.transactionid = prepared.transaction)
        ON holding.pid IS NULL AND own.virtualtransaction = holding.virtualtransaction
    ORDER BY since
    LIMIT 3
)
SELECT string_agg(description, ', ' ORDER BY since) AS described,
       (array_agg(remedy ORDER BY since))[1] AS remedy
FROM holder
$q$, '@holding@', holding) INTO holders USING relation, argument;
    RETURN jsonb_build_object('', coalesce(holders.described, ''),
                              'end', coalesce(holders.remedy, 'SELECT pg_terminate_backend(process);'));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_holders(text, oid, anyelement) IS 'Who holds a lock, in words, and how to end the first';

CREATE FUNCTION "ticket_ext".ticket_refuse_held(what text, relation oid, modes text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    part oid;
    holders jsonb;
BEGIN
    -- It may be one of the partitions that is held.
    FOR part IN SELECT relation UNION SELECT relid::oid FROM pg_partition_tree(relation) LOOP
        holders := "ticket_ext".ticket_holders($q$
-- Sessions that hold a lock on a table ($1) in one of the modes ($2)
SELECT pid, virtualtransaction
FROM pg_locks
WHERE locktype = 'relation'
  AND relation = $1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode = ANY ($2)
  AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
$q$, part, modes);
        EXIT WHEN holders ->> '' <> '';
    END LOOP;
    PERFORM "ticket_ext".ticket_refuse(CASE WHEN holders ->> '' = '' THEN 'NoHolder' ELSE 'Held' END,
                                      holders || jsonb_build_object('what', what));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_refuse_held(text, oid, text[]) IS 'Raises the error that names who holds a lock';

-- The lock of what is to come, on a table and its partitions: to read, to rotate, or to add or drop triggers, where
-- whoever writes queues behind a change that waits. EXPLAIN takes the same lock, and is allowed also to who may update
-- one column.
CREATE FUNCTION "ticket_ext".ticket_lock_table(context jsonb, mode text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := context ->> 'oid';
    is_whole boolean := mode IN ('add', 'drop') OR has_table_privilege(relation,
        CASE mode WHEN 'read' THEN 'SELECT' ELSE 'UPDATE' END);
    kind text := CASE mode WHEN 'read' THEN 'ACCESS SHARE' WHEN 'rotate' THEN 'ROW EXCLUSIVE'
                           WHEN 'add' THEN 'SHARE ROW EXCLUSIVE'
                           ELSE 'ACCESS EXCLUSIVE' END;
    statement text := format(CASE WHEN is_whole THEN 'LOCK TABLE %1$s IN %3$s MODE'
                                  WHEN mode = 'read' THEN 'EXPLAIN SELECT FROM %1$s'
                                  ELSE 'EXPLAIN UPDATE %1$s SET %2$I = %2$I'
                             END, context ->> 'target', context ->> 'column', kind);
    -- From the weakest that it waits for.
    modes text[] := '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,
                     ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}';
    before text := "ticket_ext".ticket_limit_locks('1 ms');
    longest interval;
    -- Citus would ask all nodes for the lock. NULL: there is none.
    asks_nodes text := current_setting('citus.enable_ddl_propagation', true);
BEGIN
    PERFORM set_config('citus.enable_ddl_propagation', 'off', true) WHERE asks_nodes IS NOT NULL;
    modes := modes[CASE mode WHEN 'read' THEN 8 WHEN 'rotate' THEN 5 WHEN 'add' THEN 3 ELSE 1 END:];
    FOREACH longest IN ARRAY ARRAY[CASE WHEN mode IN ('add', 'drop') THEN interval '2 s' ELSE '3 s' END, '0'] LOOP
        BEGIN
            EXECUTE statement;
            EXIT;
        EXCEPTION
            WHEN lock_not_available THEN
                IF longest = interval '0' THEN
                    PERFORM "ticket_ext".ticket_refuse_held('table ' || (context ->> 'table'), relation, modes);
                END IF;
            -- Renamed or dropped a moment ago, or not to be touched by this role: what is looked at next says so.
            WHEN undefined_table OR undefined_column OR invalid_schema_name OR insufficient_privilege THEN
                EXIT;
        END;
        PERFORM "ticket_ext".ticket_unlimit_locks(before);
        PERFORM "ticket_ext".ticket_limit_locks(longest);
    END LOOP;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
    PERFORM set_config('citus.enable_ddl_propagation', asks_nodes, true) WHERE asks_nodes IS NOT NULL;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_lock_table(jsonb, text) IS 'Locks the target and its partitions';
-- What all steps of a call share: the session, the target, and what was checked of its table (context.rs, table.rs).

-- Fills in each @name@, in one pass, since a value may hold an @ of its own. This and what else is called with every
-- batch is in PL/pgSQL, which plans once a session: a function in SQL is planned with each call.
CREATE FUNCTION "ticket_ext".ticket_fill(statement text, context jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    parts text[] := string_to_array(statement, '@');
BEGIN
    FOR place IN 2..cardinality(parts) BY 2 LOOP
        parts[place] := coalesce(context ->> parts[place], parts[place]);
    END LOOP;
    RETURN array_to_string(parts, '');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_fill(text, jsonb) IS 'A statement with the names of the target filled in';

-- The same, of a statement whose first two arguments are keys, or are lists of keys and of digests: given as texts.
CREATE FUNCTION "ticket_ext".ticket_fill_keys(statement text, context jsonb, lists boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN "ticket_ext".ticket_fill(
        replace(replace(statement, '$1', '$1::@key_type@' || CASE WHEN lists THEN '[]' ELSE '' END),
                '$2', CASE WHEN lists THEN '$2::pg_catalog.int8[]' ELSE '$2::@key_type@' END), context);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_fill_keys(text, jsonb, boolean) IS 'The same, of a statement with keys for arguments';

-- A call of one of the functions for this target, to be pasted.
CREATE FUNCTION "ticket_ext".ticket_call(context jsonb, function text, more text DEFAULT '') RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT format('SELECT %s.%s(%s%s);', '"ticket_ext"'::regnamespace, function, context ->> 'arguments', more) $$;
COMMENT ON FUNCTION "ticket_ext".ticket_call(jsonb, text, text) IS 'A call to be pasted';

CREATE FUNCTION "ticket_ext".ticket_session(mode text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    session record;
BEGIN
    SELECT * INTO session FROM (
-- What has to hold of the session of a call
SELECT role.oid AS role,
       role.rolsuper AS is_superuser,
       current_setting('transaction_isolation') AS isolation,
       current_setting('transaction_read_only')::boolean AS read_only,
       pg_is_in_recovery() AS standby,
       current_setting('session_replication_role') AS replication_role
FROM pg_roles AS role
WHERE role.rolname = current_user
    ) AS session;
    IF mode <> 'read' THEN
        IF session.standby THEN
            PERFORM "ticket_ext".ticket_refuse('Standby');
        ELSIF session.read_only THEN
            PERFORM "ticket_ext".ticket_refuse('ReadOnly');
        ELSIF session.isolation <> 'read committed' THEN
            PERFORM "ticket_ext".ticket_refuse('Isolation', jsonb_build_object('level', upper(session.isolation)));
        ELSIF session.replication_role = 'replica' THEN
            PERFORM "ticket_ext".ticket_refuse('ReplicaRole');
        END IF;
    END IF;
    RETURN to_jsonb(session);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_session(text) IS 'Checks the session of a call';

-- A setting that serves calls which name neither target nor token column. Of a SECURITY DEFINER function it is the
-- caller's, and must not choose what it overwrites.
CREATE FUNCTION "ticket_ext".ticket_setting(setting text, ordinary text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    value text := coalesce(nullif(current_setting(setting, true), ''), ordinary);
    caller text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
BEGIN
    IF value <> ordinary AND current_user <> caller THEN
        PERFORM "ticket_ext".ticket_refuse('SettingOfCaller', jsonb_build_object('setting', setting));
    END IF;
    RETURN value;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_setting(text, text) IS 'A setting, or what is ordinary';

CREATE FUNCTION "ticket_ext".ticket_name(relation oid, token_column text, OUT name text, OUT arguments text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    SELECT target.name, target.arguments INTO name, arguments FROM (
-- $1: the table's oid, $2: the column's name
SELECT name, format('%L, %L', name, $2) AS arguments
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS target
    ) AS target;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_name(oid, text) IS 'The name of a table, and table and column as arguments of a call';

-- The target of a call and its name as it is now. The setting's is looked up by the caller's search_path.
CREATE FUNCTION "ticket_ext".ticket_target(target regclass, token_column name, path text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    wanted text;
    relation oid := target;
    wanted_column text := coalesce(token_column::text, "ticket_ext".ticket_setting('ticket_ext.token_column', 'token'));
    named record;
BEGIN
    IF relation IS NULL THEN
        wanted := "ticket_ext".ticket_setting('ticket_ext.target', 'ticket');
        PERFORM pg_catalog.set_config('search_path', path, true);
        relation := pg_catalog.to_regclass(wanted);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
    SELECT * INTO named FROM "ticket_ext".ticket_name(relation, wanted_column);
    IF named.name IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NoSuchTable', jsonb_build_object('name', coalesce(wanted, relation::text)));
    END IF;
    RETURN jsonb_build_object('oid', relation, 'table', named.name, 'target', named.name, 'column', wanted_column,
                              'arguments', named.arguments, 'path', path);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_target(regclass, name, text) IS 'The table and token column that a call is about';

-- Who rotates writes the rotation tables, and who verifies reads them.
CREATE FUNCTION "ticket_ext".ticket_check_role(mode text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    ledger regclass := '"ticket_ext".ticket_rotation_batch';
BEGIN
    IF NOT has_table_privilege(ledger, CASE mode WHEN 'read' THEN 'SELECT' ELSE 'INSERT' END) THEN
        PERFORM "ticket_ext".ticket_refuse('NotOfOwner', jsonb_build_object(
            'schema', relnamespace::regnamespace, 'owner', relowner::regrole, 'role', current_user))
        FROM pg_class WHERE oid = ledger;
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_check_role(text) IS 'Refuses a role that is none of the owner of the rotation tables';

-- What was chosen for the newest run of the target.
CREATE FUNCTION "ticket_ext".ticket_choices(relation oid, token_column text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_table_privilege('"ticket_ext".ticket_rotation'::regclass, 'SELECT') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT to_jsonb(choices) FROM (
-- What was chosen for the newest run of table $1 and its column $2. A table that was restored has other numbers.
SELECT CASE WHEN target::oid = target_oid THEN key_number
            ELSE (SELECT attnum FROM pg_attribute WHERE attrelid = $1 AND attname = key_column AND NOT attisdropped)
       END AS key_number,
       fill_null
FROM "ticket_ext".ticket_rotation
LEFT JOIN pg_attribute AS token ON token.attrelid = $1 AND token.attname = $2 AND NOT token.attisdropped
WHERE target = $1::regclass AND (token_number = token.attnum OR token_column = $2)
ORDER BY run_id DESC
LIMIT 1
    ) AS choices);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_choices(oid, text) IS 'Key and treatment of NULL, as the newest run has them';

-- The column that orders the tickets: number and name are those that were chosen.
CREATE FUNCTION "ticket_ext".ticket_key_column(relation oid, token_column text, chosen smallint, chosen_name text)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(key_column) FROM (
-- The column that orders the tickets of table $1: the one with number $3 or name $4, where it can; else a primary key
-- of one column, the column of it that has a sequence or that is left without those which partition the table, or any
-- other with a sequence. $2: its token column. It is NOT NULL and leads an index that holds every ticket.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), partitioning AS (
    SELECT attname
    FROM tree
    JOIN pg_partitioned_table ON partrelid = tree.oid
    JOIN pg_attribute ON attrelid = partrelid AND attnum = ANY (partattrs)
), primary_key AS (
    SELECT conkey FROM pg_constraint WHERE conrelid = $1 AND contype = 'p'
), index AS (
    SELECT indkey[0] AS attnum, indisunique AND indnkeyatts = 1 AS is_unique
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam AND amname = 'btree'
    JOIN pg_opclass ON pg_opclass.oid = indclass[0] AND opcdefault
    WHERE indrelid = $1 AND indisvalid AND indpred IS NULL
), field AS (
    SELECT attname, attnum, attnotnull, conkey,
           coalesce(nullif(typbasetype, 0), pg_type.oid)::regtype::text AS base,
           format_type(atttypid, atttypmod) AS type_name,
           attnum IN (SELECT index.attnum FROM index) AS is_indexed,
           attnum IN (SELECT index.attnum FROM index WHERE is_unique) AS is_unique,
           (SELECT sequence.oid
            FROM pg_depend
            JOIN pg_class AS sequence ON sequence.oid = objid AND sequence.relkind = 'S'
            WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
              AND refobjid = $1 AND refobjsubid = attnum AND deptype IN ('a', 'i')
            LIMIT 1) AS sequence
    FROM pg_attribute
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN primary_key ON true
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
), usable AS (
    SELECT field.*,
           -- the more keys differ, the less a batch has to take that were not asked for
           row_number() OVER (ORDER BY is_unique DESC,
                              (SELECT CASE WHEN n_distinct < 0 THEN -n_distinct * reltuples ELSE n_distinct END
                               FROM pg_stats
                               WHERE schemaname = own.schema AND tablename = own.name
                                 AND pg_stats.attname = field.attname AND NOT inherited) DESC NULLS LAST,
                              attnum) AS place,
           CASE WHEN attnum = $3 OR attname = $4 THEN 1
                WHEN conkey = ARRAY[attnum] THEN 2
                WHEN attnum = ANY (conkey) AND sequence IS NOT NULL THEN 3
                WHEN attnum = ANY (conkey) AND NOT EXISTS (
                    SELECT FROM pg_attribute AS other
                    WHERE attrelid = $1 AND other.attnum = ANY (conkey) AND other.attnum <> field.attnum
                      AND other.attname NOT IN (SELECT attname FROM partitioning)) THEN 4
                WHEN sequence IS NOT NULL THEN 5
           END AS choice
    FROM field
    CROSS JOIN (SELECT nspname AS schema, relname AS name, reltuples
                FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE pg_class.oid = $1) AS own
    WHERE base IN ('smallint', 'integer', 'bigint', 'uuid') AND attnotnull AND is_indexed AND attname <> $2
)
SELECT quote_ident(key.attname) AS key,
       key.attname::text AS key_name,
       key.attnum AS key_number,
       key.base = 'uuid' AS is_uuid,
       NOT key.is_unique OR key.base = 'uuid' AS repeats,
       key.sequence,
       (SELECT string_agg(format('%L', attname), ', ' ORDER BY place) FROM usable) AS candidates,
       (SELECT format('%L', attname) FROM usable ORDER BY place LIMIT 1) AS candidate,
       CASE WHEN $4 IS NULL THEN NULL
            WHEN named.attname IS NULL THEN 'does not exist'
            WHEN named.attname = $2 THEN 'is the token column'
            WHEN named.base NOT IN ('smallint', 'integer', 'bigint', 'uuid')
            THEN 'is of type ' || named.type_name || ', not of smallint, integer, bigint or uuid'
            WHEN NOT named.attnotnull THEN 'can be NULL'
            WHEN NOT named.is_indexed THEN 'leads no B-tree index that is valid and not partial'
       END AS fault,
       CASE WHEN named.attname IS NULL OR named.attname = $2 OR named.base NOT IN ('smallint', 'integer', 'bigint', 'uuid') THEN NULL
            WHEN NOT named.attnotnull THEN format('ALTER TABLE %s ALTER %I SET NOT NULL;', target, named.attname)
            WHEN NOT named.is_indexed THEN format('CREATE INDEX%s ON %s (%I);', how, target, named.attname)
       END AS remedy,
       format('ALTER TABLE %1$s ADD COLUMN ticket_number %2$s; CREATE INDEX%3$s ON %1$s (ticket_number);', target,
              CASE relkind WHEN 'p' THEN 'bigserial' ELSE 'bigint GENERATED ALWAYS AS IDENTITY' END,
              how) AS new_key
FROM (SELECT format('%I.%I', nspname, relname) AS target, relkind,
             CASE relkind WHEN 'p' THEN '' ELSE ' CONCURRENTLY' END AS how
      FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS target
LEFT JOIN field AS named ON named.attname = $4
LEFT JOIN (SELECT * FROM usable WHERE choice IS NOT NULL ORDER BY choice, attnum LIMIT 1) AS key ON true
    ) AS key_column);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_key_column(oid, text, smallint, text) IS 'The column that orders the tickets';

CREATE FUNCTION "ticket_ext".ticket_table(relation oid, token_column text, key_number smallint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(looked) FROM (
-- $1: oid of the target, $2: name of its token column, $3: number of its key. Privileges and policies are those of the
-- current user.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), layer AS (
    -- the type of the token column, and what its domains are over
    SELECT 0 AS depth, atttypid AS type, atttypmod AS modifier
    FROM pg_attribute WHERE attrelid = $1 AND attname = $2 AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT depth + 1, typbasetype, CASE modifier WHEN -1 THEN typtypmod ELSE modifier END
    FROM layer JOIN pg_type ON pg_type.oid = type
    WHERE typtype = 'd'
), base AS (
    SELECT depth, type, modifier, typname::text AS name, quote_ident(nspname) AS schema
    FROM layer
    JOIN pg_type ON pg_type.oid = type
    JOIN pg_namespace ON pg_namespace.oid = typnamespace
    ORDER BY depth DESC
    LIMIT 1
), fires AS (
    -- tgtype: 16 = UPDATE. The guard lets a batch pass.
    SELECT tgrelid, tgname, tgdeferrable, tgisinternal
    FROM tree JOIN pg_trigger ON tgrelid = tree.oid
    WHERE tgtype & 16 <> 0 AND tgenabled <> 'D'
      AND tgfoid NOT IN (SELECT pg_proc.oid FROM pg_proc
                         WHERE pronamespace = '"ticket_ext"'::regnamespace AND proname = 'ticket_guard')
)
SELECT c.relkind::text AS kind,
       (SELECT part.oid::regclass::text FROM tree JOIN pg_class AS part ON part.oid = tree.oid
        WHERE part.oid <> c.oid AND NOT part.relispartition LIMIT 1) AS child,
       quote_ident(token.attname::text) AS token,
       token.attnum AS token_number,
       CASE WHEN base.type = 'uuid'::regtype THEN 'uuid'
            WHEN base.type = 'bytea'::regtype THEN 'bytea'
            WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN 'text'
            WHEN base.name = 'citext' THEN 'text'
       END AS token_kind,
       base.depth = 0 AND base.type IN ('uuid'::regtype, 'bytea'::regtype, 'text'::regtype) AS is_plain,
       base.name = 'citext' AS folds_case,
       format_type(base.type, -1) AS base_type,
       -- citext brings an operator of its own
       format('OPERATOR(%s.=)', CASE base.name WHEN 'citext' THEN base.schema ELSE 'pg_catalog' END) AS equals,
       format_type(token.atttypid, token.atttypmod) AS token_type,
       NOT token.attnotnull AS nullable,
       coalesce(token.attgenerated <> '', false) AS generated,
       EXISTS (SELECT FROM pg_index
               WHERE indrelid = c.oid AND indisunique AND indisvalid AND indpred IS NULL
                 AND indnkeyatts = 1 AND indkey[0] = token.attnum) AS is_unique,
       to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus,
       row_security_active(c.oid) AS row_security,
       ARRAY(SELECT oid FROM tree WHERE oid <> c.oid ORDER BY oid) AS partitions,
       (SELECT quote_ident(rulename::text) FROM pg_rewrite
        WHERE ev_class = c.oid AND ev_type = '2' LIMIT 1) AS update_rule,
       (SELECT ftrelid::regclass::text FROM tree JOIN pg_foreign_table ON ftrelid = tree.oid
        WHERE tree.oid <> c.oid LIMIT 1) AS foreign_part,
       (SELECT format('%I of %s', conname, conrelid::regclass) FROM pg_constraint
        WHERE contype = 'f' AND (conrelid = c.oid AND token.attnum = ANY (conkey)
              OR confrelid = c.oid AND token.attnum = ANY (confkey) AND confupdtype <> 'c')
        LIMIT 1) AS foreign_key,
       EXISTS (SELECT FROM fires WHERE NOT tgisinternal) AS has_triggers,
       EXISTS (SELECT FROM fires WHERE tgdeferrable) AS can_defer,
       (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I;', tgrelid::regclass, tgname), ' ' ORDER BY tgname)
        FROM fires WHERE NOT tgisinternal) AS disable_triggers,
       concat_ws(' ',
           CASE WHEN NOT (has_column_privilege(c.oid, token.attnum, 'UPDATE')
                          AND has_column_privilege(c.oid, token.attnum, 'SELECT')
                          AND coalesce(has_column_privilege(c.oid, $3, 'SELECT'), true))
                THEN format('GRANT SELECT, UPDATE (%I) ON %I.%I TO %I;', token.attname, n.nspname, c.relname, current_user)
           END,
           CASE WHEN NOT has_schema_privilege('"ticket_ext"'::regnamespace, 'USAGE')
                THEN format('GRANT USAGE ON SCHEMA %s TO %I;', '"ticket_ext"'::regnamespace, current_user)
           END) AS missing_grants
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS token ON token.attrelid = c.oid AND token.attname = $2
    AND token.attnum > 0 AND NOT token.attisdropped
LEFT JOIN base ON true
WHERE c.oid = $1
    ) AS looked);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_table(oid, text, smallint) IS 'What has to be known of a target';

-- Which of its key columns and why not.
CREATE FUNCTION "ticket_ext".ticket_check_key(context jsonb, key jsonb, wanted text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    remedy text := key ->> 'new_key';
BEGIN
    IF key ->> 'candidate' IS NOT NULL THEN
        remedy := format('Columns that can order them: %s. %s', key ->> 'candidates', "ticket_ext".ticket_call(
            context, 'start_ticket_rotation', ', key_column => ' || (key ->> 'candidate')));
    END IF;
    IF key ->> 'fault' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse(
            CASE key ->> 'fault' WHEN 'does not exist' THEN 'BadKeyName' ELSE 'BadKey' END,
            context || jsonb_build_object('column', wanted, 'fault', key ->> 'fault',
                                          'remedy', coalesce(key ->> 'remedy', remedy)));
    ELSIF key ->> 'key' IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NoKey', context || jsonb_build_object('remedy', remedy));
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_check_key(jsonb, jsonb, text) IS 'Refuses a table without a key';

CREATE FUNCTION "ticket_ext".ticket_check_table(context jsonb, looked jsonb, kept jsonb, mode text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF mode <> 'control' AND (looked ->> 'row_security')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse('RowSecurity', context);
    ELSIF mode <> 'read' AND looked ->> 'missing_grants' <> '' THEN
        PERFORM "ticket_ext".ticket_refuse('MissingGrants', context || jsonb_build_object('grants',
            looked -> 'missing_grants'));
    ELSIF mode <> 'rotate' THEN
        RETURN;
    ELSIF looked ->> 'update_rule' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('UpdateRule', context || jsonb_build_object('rule', looked -> 'update_rule'));
    ELSIF looked ->> 'foreign_part' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('ForeignPart', context || jsonb_build_object('part',
            looked -> 'foreign_part'));
    ELSIF looked ->> 'foreign_key' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('ForeignKey', context || jsonb_build_object(
            'column', looked -> 'token', 'key', looked -> 'foreign_key'));
    ELSIF (looked ->> 'has_citus')::boolean THEN
        PERFORM "ticket_ext".ticket_citus_check(context, looked, kept);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_check_table(jsonb, jsonb, jsonb, text) IS 'Refuses what could leave tickets behind';

CREATE FUNCTION "ticket_ext".ticket_check_column(context jsonb, looked jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := looked ->> 'kind';
    facts jsonb := context || jsonb_build_object('name', context -> 'table', 'child', looked -> 'child');
BEGIN
    IF looked ->> 'child' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('InheritanceChild', facts);
    ELSIF kind NOT IN ('r', 'p') THEN
        PERFORM "ticket_ext".ticket_refuse('WrongKind', facts || jsonb_build_object('kind', CASE kind
            WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN 'a foreign table'
            ELSE 'not a table' END));
    ELSIF looked ->> 'token' IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NoSuchColumn', facts);
    END IF;
    facts := facts || jsonb_build_object('column', looked -> 'token', 'found', looked -> 'token_type');
    IF (looked ->> 'generated')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse('GeneratedColumn', facts);
    ELSIF looked ->> 'token_kind' IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('WrongColumnType', facts);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_check_column(jsonb, jsonb) IS 'Refuses what is no table with tokens';

-- Expressions for the statements, as in table.rs, key_column.rs and token_type.rs.
CREATE FUNCTION "ticket_ext".ticket_expressions(key jsonb, looked jsonb, fill_null boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT jsonb_build_object(
        'key', key -> 'key', 'key_name', key -> 'key_name', 'key_number', key -> 'key_number',
        'is_uuid', key -> 'is_uuid', 'repeats', key -> 'repeats', 'sequence', key -> 'sequence', 'key_type', key_type,
        'id', CASE WHEN (key ->> 'is_uuid')::boolean THEN format('"ticket_ext".ticket_key(%s)', key ->> 'key')
                   ELSE (key ->> 'key') || '::' || key_type END,
        'key_value', (key ->> 'key') || '::' || key_type,
        'token', token, 'token_number', looked -> 'token_number', 'token_type', looked -> 'token_type',
        'kind', looked -> 'token_kind', 'bytes_type', kind, 'base', looked -> 'base_type', 'equals', looked -> 'equals',
        'folds_case', looked -> 'folds_case', 'is_unique', looked -> 'is_unique', 'token_bytes', bytes,
        'lacks_token', lacks, 'has_token', CASE WHEN fill_null OR lacks = 'false' THEN '' ELSE format(' AND NOT (%s)',
            lacks) END,
        'fill_null', fill_null, 'has_triggers', looked -> 'has_triggers', 'disable', looked -> 'disable_triggers',
        'partitions', looked -> 'partitions')
    FROM (SELECT *, coalesce(nullif(concat_ws(' OR ',
                    CASE WHEN (looked ->> 'nullable')::boolean THEN token || ' IS NULL' END,
                    CASE WHEN looked ->> 'token_kind' = 'text'
                         THEN bytes || ' OPERATOR(pg_catalog.=) ''''::pg_catalog.text' END), ''), 'false') AS lacks
          FROM (SELECT *, CASE WHEN (looked ->> 'is_plain')::boolean THEN token ELSE token || '::' || kind END AS bytes
                FROM (SELECT looked ->> 'token' AS token,
                             'pg_catalog.' || (looked ->> 'token_kind') AS kind,
                             CASE WHEN (key ->> 'is_uuid')::boolean THEN 'pg_catalog.uuid' ELSE 'pg_catalog.int8' END
                                 AS key_type
                     ) AS names) AS bytes) AS lacks);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_expressions(jsonb, jsonb, boolean) IS 'Names and expressions for the statements on a target';

CREATE FUNCTION "ticket_ext".ticket_described(target jsonb, mode text, wanted jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := target ->> 'oid';
    column_name text := target ->> 'column';
    choices jsonb := coalesce(wanted, "ticket_ext".ticket_choices(relation, column_name), '{}');
    key jsonb := "ticket_ext".ticket_key_column(relation, column_name, (choices ->> 'key_number')::smallint,
                                               choices ->> 'key_name');
    looked jsonb := "ticket_ext".ticket_table(relation, column_name, (key ->> 'key_number')::smallint);
    kept jsonb := CASE WHEN (looked ->> 'has_citus')::boolean THEN "ticket_ext".ticket_citus_kept(relation) END;
BEGIN
    IF looked IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NoSuchTable', target || jsonb_build_object('name', target -> 'table'));
    END IF;
    PERFORM "ticket_ext".ticket_check_column(target, looked);
    IF mode <> 'control' OR key ->> 'fault' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_check_key(target, key, choices ->> 'key_name');
    END IF;
    PERFORM "ticket_ext".ticket_check_table(target, looked, kept, mode);
    RETURN target || "ticket_ext".ticket_expressions(key, looked, coalesce((choices ->> 'fill_null')::boolean, false))
           || jsonb_build_object('named_key', choices -> 'key_name', 'citus', kept IS NOT NULL);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_described(jsonb, text, jsonb) IS 'What a call has to know of its target, once it is checked';

-- Locks first and looks then: where a name leads to another table by now, it starts over. Mode: rotate, read, or
-- control, which steers a run whatever became of its table, and locks nothing.
CREATE FUNCTION "ticket_ext".ticket_context(mode text, target regclass, token_column name, path text,
    wanted jsonb DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    session jsonb := "ticket_ext".ticket_session(mode);
    before jsonb := '{}';
    called text;
    looked jsonb;
BEGIN
    LOOP
        looked := "ticket_ext".ticket_target(target, token_column, path);
        called := coalesce(called, looked ->> 'table');
        EXIT WHEN mode = 'control' OR looked = before;
        before := looked;
        IF EXISTS (SELECT FROM pg_class WHERE oid = (looked ->> 'oid')::oid AND relkind IN ('r', 'p')) THEN
            PERFORM "ticket_ext".ticket_lock_table(looked, mode);
        END IF;
    END LOOP;
    looked := "ticket_ext".ticket_described(looked, mode, wanted);
    IF mode = 'rotate' AND (session ->> 'is_superuser')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse(CASE WHEN rolsuper THEN 'OfSuperuser' ELSE 'Superuser' END,
                                          looked || jsonb_build_object('owner', relowner::regrole))
        FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
        WHERE pg_class.oid = (looked ->> 'oid')::oid;
    END IF;
    PERFORM "ticket_ext".ticket_check_role(mode);
    -- The name by which it was called, where it has lost that while the call waited for its lock.
    RETURN looked || jsonb_build_object('lost_name', nullif(called, looked ->> 'table'));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_context(text, regclass, name, text, jsonb) IS 'Locks and checks the target of a call';

-- At the end of a call: what its statements have found by the target's name, they have found in the target. No lock
-- keeps others from renaming a schema or attaching a partition.
CREATE FUNCTION "ticket_ext".ticket_confirm(context jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := context ->> 'oid';
    now_called text := (SELECT name FROM "ticket_ext".ticket_name(relation, context ->> 'column'));
    partitions oid[] := ARRAY(SELECT relid FROM pg_partition_tree(relation) WHERE relid <> relation ORDER BY relid);
BEGIN
    IF now_called IS DISTINCT FROM context ->> 'table' OR to_jsonb(partitions) <> context -> 'partitions' THEN
        PERFORM "ticket_ext".ticket_refuse('ChangedMeanwhile', context || jsonb_build_object('table', now_called));
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_confirm(jsonb) IS 'Refuses what was changed while a call was at work';
-- Runs: looked up for a target, paused, resumed, cancelled (run.rs, identity.rs).

CREATE FUNCTION "ticket_ext".ticket_newest_run(relation oid, table_name text, number smallint, token_column text)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(run) FROM (
-- The newest run of table $1 and the column with number $3 or name $4, or of another table that had the name $2
SELECT run_id, state, upper_id, run.sweep, token_column::text, key_column::text, target_name, token_format, tickets_planned,
       horizon::text::bigint AS horizon,
       sweep_horizon::text::bigint AS sweep_horizon,
       EXISTS (SELECT FROM "ticket_ext".ticket_rotation_batch AS batch
               WHERE batch.run_id = run.run_id AND batch.sweep > 0 AND batch.tickets > 0) AS has_swept,
       EXISTS (SELECT FROM "ticket_ext".ticket_rotation_range AS range
               WHERE range.run_id = run.run_id AND rotated_at IS NULL) AS has_ranges_left,
       target::oid = $1 AS same_table,
       target::oid <> target_oid AS restored,
       to_regclass(target_name)::oid IS NOT DISTINCT FROM $1 AS same_name,
       token_number = $3 AS same_token_number,
       key_number,
       target::text AS now_called,
       EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = $1 AND attname = token_column AND attnum <> $3 AND NOT attisdropped) AS name_is_anothers
FROM "ticket_ext".ticket_rotation AS run
WHERE target::oid = $1 AND (token_number = $3 OR token_column = $4)
   OR target::oid <> $1 AND target_name = $2 AND token_column = $4 AND EXISTS (SELECT FROM pg_class WHERE oid = target::oid)
ORDER BY run.run_id DESC
LIMIT 1
    ) AS run);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_newest_run(oid, text, smallint, text) IS 'The newest run of a target, or one that was a run of its name';

-- NULL, or why it is not a run of the table, or of the columns, that the call is about.
CREATE FUNCTION "ticket_ext".ticket_mismatch(context jsonb, run jsonb) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE
        WHEN NOT (run ->> 'same_table')::boolean THEN 'TableSwapped'
        WHEN NOT (run ->> 'same_name')::boolean THEN 'TableRenamed'
        WHEN NOT CASE WHEN (run ->> 'restored')::boolean THEN run ->> 'token_column' = context ->> 'column'
                      ELSE (run ->> 'same_token_number')::boolean AND NOT (run ->> 'name_is_anothers')::boolean
                 END THEN 'ColumnSwapped'
        WHEN NOT CASE WHEN (run ->> 'restored')::boolean THEN run ->> 'key_column' = coalesce(context ->> 'key_name',
            '')
                      ELSE (run ->> 'key_number')::integer IS NOT DISTINCT
                          FROM coalesce((context ->> 'key_number')::integer, 0)
                 END THEN 'KeyMoved'
    END;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_mismatch(jsonb, jsonb) IS 'Why a run is none of the target';

CREATE FUNCTION "ticket_ext".ticket_run(context jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb := "ticket_ext".ticket_newest_run((context ->> 'oid')::oid, context ->> 'table',
                                               (context ->> 'token_number')::smallint, context ->> 'column');
BEGIN
    RETURN run || jsonb_build_object(
        'mismatch', "ticket_ext".ticket_mismatch(context, run),
        'has_been_swept', run ->> 'state' = 'finished' OR (run ->> 'sweep')::integer > 1);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_run(jsonb) IS 'The newest run of a target';

CREATE FUNCTION "ticket_ext".ticket_refuse_run(error text, context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    start text := "ticket_ext".ticket_call(context, 'start_ticket_rotation');
    facts jsonb := context || jsonb_build_object('run', run -> 'run_id', 'state', run -> 'state', 'start', start);
BEGIN
    IF error = 'WrongState' AND run ->> 'state' = 'paused' THEN
        error := 'Paused';
    END IF;
    PERFORM "ticket_ext".ticket_refuse(error, facts || jsonb_build_object(
        'name', run -> 'target_name', 'now_called', run -> 'now_called', 'key', run -> 'key_column',
        'column', run -> 'token_column',
        'call', CASE error WHEN 'Unfinished' THEN "ticket_ext".ticket_call(context, 'cancel_ticket_rotation')
                           WHEN 'Paused' THEN "ticket_ext".ticket_call(context, 'resume_ticket_rotation')
                           WHEN 'TableRenamed' THEN "ticket_ext".ticket_call(context, 'resume_ticket_rotation')
                           ELSE start END));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_refuse_run(text, jsonb, jsonb) IS 'Raises an error about a run';

-- The newest run of a target that must have had one.
CREATE FUNCTION "ticket_ext".ticket_require_run(context jsonb, matching boolean) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb := "ticket_ext".ticket_run(context);
BEGIN
    IF run IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse_run('NoRun', context, '{}');
    ELSIF matching AND run ->> 'mismatch' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse_run(run ->> 'mismatch', context, run);
    END IF;
    RETURN run;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_require_run(jsonb, boolean) IS 'The newest run of a target that must have had one';

CREATE FUNCTION "ticket_ext".ticket_refuse_state(context jsonb, number bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    now jsonb := (SELECT jsonb_build_object('run_id', run_id, 'state', state)
                  FROM "ticket_ext".ticket_rotation WHERE run_id = number);
BEGIN
    PERFORM "ticket_ext".ticket_refuse_run('WrongState', context, now);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_refuse_state(jsonb, bigint) IS 'Raises the error of a run that is no longer active';

-- A statement that changes the row of a run, or the one row that a target may have of an unfinished run: another
-- session may have it locked. Its arguments are the fields of a JSON object, and its result is one.
CREATE FUNCTION "ticket_ext".ticket_change(what text, statement text, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    before text := "ticket_ext".ticket_limit_locks('3 s');
    changed jsonb;
BEGIN
    BEGIN
        CASE statement
        WHEN 'change' THEN
            changed := "ticket_ext".ticket_change_run(
                (arguments ->> 'run')::bigint, arguments ->> 'state',
                ARRAY(SELECT jsonb_array_elements_text(arguments -> 'from')), arguments ->> 'name',
                    arguments ->> 'column',
                (arguments ->> 'resumes')::boolean);
        WHEN 'start' THEN changed := "ticket_ext".ticket_insert_run(arguments);
        ELSE changed := "ticket_ext".ticket_mark_run(statement, (arguments ->> 'run')::bigint);
        END CASE;
    EXCEPTION
        WHEN lock_not_available THEN
            PERFORM "ticket_ext".ticket_refuse_held(what, '"ticket_ext".ticket_rotation'::regclass,
                                                   '{RowShareLock,RowExclusiveLock}');
    END;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
    RETURN changed;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_change(text, text, jsonb) IS 'Changes the row of a run, within a few seconds';

CREATE FUNCTION "ticket_ext".ticket_change_run(run bigint, state text, from_states text[], name text,
    token_column text, resumes boolean)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    changed bigint;
BEGIN
-- No row: the run is in none of the states ($3) that can be changed to $2. One that is resumed ($6) takes on the names
-- that its table and column have by now ($4, $5).
UPDATE "ticket_ext".ticket_rotation
SET state = $2,
    target_name = CASE WHEN $6 THEN $4 ELSE target_name END,
    token_column = CASE WHEN $6 THEN $5 ELSE token_column END,
    finished_at = CASE WHEN $2 IN ('cancelled', 'finished') THEN coalesce(finished_at, clock_timestamp()) END
WHERE run_id = $1 AND state = ANY ($3)
RETURNING run_id
    INTO changed;
    RETURN to_jsonb(changed);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_change_run(bigint, text, text[], text, text, boolean) IS 'Brings a run into a state';

CREATE FUNCTION "ticket_ext".ticket_mark_run(statement text, run bigint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    marked record;
BEGIN
    EXECUTE CASE statement WHEN 'begin_sweep' THEN $q$
-- Whatever was written by a transaction below this id was there when the sweep began
UPDATE "ticket_ext".ticket_rotation SET sweep_horizon = pg_snapshot_xmin(pg_current_snapshot())
WHERE run_id = $1 AND sweep_horizon IS NULL
RETURNING run_id
$q$ WHEN 'finish' THEN $q$
-- No row: the run is no longer active
UPDATE "ticket_ext".ticket_rotation SET state = 'finished', finished_at = clock_timestamp()
WHERE run_id = $1 AND state = 'active'
RETURNING run_id
$q$ ELSE $q$
-- Run $1 is active again if it has finished, with its ranges to be swept anew, or if it was cancelled once all of them
-- were rotated, and then its sweep goes on
WITH ended AS (
    SELECT run_id, state, forgotten_at IS NOT NULL AS forgotten
    FROM "ticket_ext".ticket_rotation
    WHERE run_id = $1
    FOR UPDATE
), reopened AS (
    UPDATE "ticket_ext".ticket_rotation AS run
    SET state = 'active', finished_at = NULL,
        sweep = CASE WHEN ended.state = 'finished' THEN run.sweep + 1 ELSE run.sweep END
    FROM ended
    WHERE run.run_id = ended.run_id AND NOT forgotten
      AND (ended.state = 'finished'
           OR ended.state = 'cancelled'
              AND NOT EXISTS (SELECT FROM "ticket_ext".ticket_rotation_range AS range
                              WHERE range.run_id = $1 AND rotated_at IS NULL))
    RETURNING ended.run_id, ended.state
), ranges AS (
    UPDATE "ticket_ext".ticket_rotation_range AS range SET swept_at = NULL
    FROM reopened
    WHERE range.run_id = reopened.run_id AND reopened.state = 'finished'
)
SELECT forgotten, EXISTS (SELECT FROM reopened) AS reopened FROM ended
$q$ END INTO marked USING run;
    RETURN to_jsonb(marked);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_mark_run(text, bigint) IS 'Marks what has become of a run';

-- Brings the newest run into a state, from one of those that allow it.
CREATE FUNCTION "ticket_ext".ticket_change_state(
    target regclass, token_column name, path text, state text, from_states text[]
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := "ticket_ext".ticket_context('control', target, token_column, path);
    run jsonb := "ticket_ext".ticket_require_run(context, false);
    mismatch text := run ->> 'mismatch';
    resumes boolean := state = 'active';
BEGIN
    IF mismatch IS NOT NULL THEN
        -- A run can be cancelled whatever became of its table; to resume it under another name is to say that it is
        -- the same.
        IF NOT (state = 'cancelled' AND mismatch <> 'TableSwapped' OR resumes AND mismatch = 'TableRenamed') THEN
            PERFORM "ticket_ext".ticket_refuse_run(mismatch, context, run);
        ELSIF resumes AND run ->> 'state' NOT IN ('active', 'paused') THEN
            state := run ->> 'state';
            from_states := ARRAY[state];
        END IF;
    END IF;
    IF "ticket_ext".ticket_change('run ' || (run ->> 'run_id'), 'change', jsonb_build_object(
           'run', run -> 'run_id', 'state', state, 'from', from_states, 'name', context -> 'table',
           'column', context -> 'column', 'resumes', resumes)) IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse_state(context, (run ->> 'run_id')::bigint);
    END IF;
    RETURN run ->> 'run_id';
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_change_state(regclass, name, text, text, text[]) IS 'Pauses, resumes or cancels the newest run';
-- The ranges of a run. Whoever holds the lock of a range's row may rotate or sweep its next batch (range.rs). Sweep is
-- the number of the sweep, or 0 for the rotation.

CREATE FUNCTION "ticket_ext".ticket_ranges_left(run bigint, sweep integer, from_id bigint) RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    are_left boolean;
BEGIN
    EXECUTE replace($q$
SELECT EXISTS (
    SELECT FROM "ticket_ext".ticket_rotation_range WHERE run_id = $1 AND @ended_at@ IS NULL AND last_id >= $2
)
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END) INTO are_left USING run, from_id;
    RETURN are_left;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_ranges_left(bigint, integer, bigint) IS 'Whether a phase has ranges left';

-- The state of the run and the ledger are read once the lock is held, to see what others have committed.
CREATE FUNCTION "ticket_ext".ticket_checkpoint(run bigint, first_id bigint, last_id bigint, sweep integer) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(checkpoint) FROM (
-- The state of run $1, and the last batch (sweep $4: 0, or the sweep's number) between $2 and $3
SELECT run.state, batch.last_id, batch.range_tickets, clock_timestamp() AS read_at
FROM "ticket_ext".ticket_rotation AS run
LEFT JOIN LATERAL (
    SELECT last_id, range_tickets
    FROM "ticket_ext".ticket_rotation_batch
    WHERE run_id = $1 AND sweep = $4 AND last_id >= $2 AND last_id <= $3
    ORDER BY last_id DESC
    LIMIT 1
) AS batch ON true
WHERE run.run_id = $1
    ) AS checkpoint);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_checkpoint(bigint, bigint, bigint, integer) IS 'State of a run and checkpoint of a range';

-- The first range that reaches up to an id and has not been through the phase: a free one if there is one, else, for
-- who may wait, the first to become free. It may be finished or split by then, and there is another one to look for.
CREATE FUNCTION "ticket_ext".ticket_claim_range(context jsonb, run bigint, sweep integer, from_id bigint,
    may_wait boolean)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    claim text := replace($q$
-- The first range that reaches up to $2, has not been through the phase and that no other session is working on
SELECT first_id, last_id
FROM "ticket_ext".ticket_rotation_range
WHERE run_id = $1 AND @ended_at@ IS NULL AND last_id >= $2
ORDER BY first_id
LIMIT 1
FOR NO KEY UPDATE
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END);
    before text;
    claimed record;
    checkpoint jsonb;
BEGIN
    LOOP
        EXECUTE claim || ' SKIP LOCKED' INTO claimed USING run, from_id;
        EXIT WHEN claimed.first_id IS NOT NULL;
        IF NOT may_wait OR NOT "ticket_ext".ticket_ranges_left(run, sweep, from_id) THEN
            RETURN NULL;
        END IF;
        before := "ticket_ext".ticket_limit_locks('3 s');
        BEGIN
            EXECUTE claim INTO claimed USING run, from_id;
        EXCEPTION
            WHEN lock_not_available THEN
                PERFORM "ticket_ext".ticket_refuse_held(
                    format('every range of run %s that is left', run), '"ticket_ext".ticket_rotation_range'::regclass,
                    '{RowShareLock,RowExclusiveLock}');
        END;
        PERFORM "ticket_ext".ticket_unlimit_locks(before);
        EXIT WHEN claimed.first_id IS NOT NULL;
    END LOOP;
    checkpoint := "ticket_ext".ticket_checkpoint(run, claimed.first_id, claimed.last_id, sweep);
    IF checkpoint ->> 'state' <> 'active' THEN
        PERFORM "ticket_ext".ticket_refuse_state(context, run);
    END IF;
    -- There is something left of it, since the batch that reaches its last key ends it.
    RETURN jsonb_build_object(
        'range', claimed.first_id, 'first_id', coalesce((checkpoint ->> 'last_id')::bigint + 1, claimed.first_id),
        'last_id', claimed.last_id, 'tickets', coalesce((checkpoint ->> 'range_tickets')::bigint, 0),
        'claimed_at', checkpoint -> 'read_at');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_claim_range(jsonb, bigint, integer, bigint, boolean) IS 'Locks a range and reads its checkpoint';

CREATE FUNCTION "ticket_ext".ticket_finish_range(run bigint, first_id bigint, sweep integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
BEGIN
    EXECUTE replace($q$
UPDATE "ticket_ext".ticket_rotation_range SET @ended_at@ = clock_timestamp()
WHERE run_id = $1 AND first_id = $2
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END) USING run, first_id;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_finish_range(bigint, bigint, integer) IS 'Marks a range that has been through a phase';

-- The next tickets of an interval: how many there are, at most as many as wanted, and the last one's id.
CREATE FUNCTION "ticket_ext".ticket_interval(
    context jsonb, first_id bigint, last_id bigint, most bigint, OUT up_to bigint, OUT tickets bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, first_id, last_id);
BEGIN
    IF (context ->> 'citus')::boolean THEN
        SELECT * INTO up_to, tickets FROM "ticket_ext".ticket_citus_interval(context, first_id, last_id, most);
        RETURN;
    END IF;
    EXECUTE "ticket_ext".ticket_fill_keys($q$
-- The next $3 tickets from $1 to $2: how many there are, and the last one's id
SELECT max(id) AS last_id, count(*) AS tickets
FROM (SELECT @id@ AS id FROM @target@
      WHERE @key@ >= $1 AND @key@ <= $2
      ORDER BY @key@
      LIMIT $3) AS batch
$q$, context) INTO up_to, tickets USING bounds[1], bounds[2], most;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_interval(jsonb, bigint, bigint, bigint) IS 'The next tickets of an interval';

-- Leaves the tickets below an id, if there are any, to a range of their own.
CREATE FUNCTION "ticket_ext".ticket_split_range(context jsonb, run bigint, claimed jsonb, from_id bigint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    below bigint;
BEGIN
    IF from_id <= (claimed ->> 'first_id')::bigint THEN
        RETURN claimed;
    END IF;
    SELECT tickets INTO below FROM 
        "ticket_ext".ticket_interval(context, (claimed ->> 'first_id')::bigint, from_id - 1, 1);
    IF below = 0 THEN
        RETURN claimed;
    END IF;
    EXECUTE $q$
-- Leaves the part below $3 to other calls and returns with the part from there on
WITH lower_part AS (
    UPDATE "ticket_ext".ticket_rotation_range SET last_id = $3 - 1 WHERE run_id = $1 AND first_id = $2
)
INSERT INTO "ticket_ext".ticket_rotation_range (run_id, first_id, last_id) VALUES ($1, $3, $4)
$q$ USING run, (claimed ->> 'range')::bigint, from_id, (claimed ->> 'last_id')::bigint;
    RETURN claimed || jsonb_build_object('range', from_id, 'first_id', from_id, 'tickets', 0);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_split_range(jsonb, bigint, jsonb, bigint) IS 'Divides a range at an id';
-- Tables that Citus keeps: rotated from the coordinator, by statements that it takes (citus_table.rs, citus/*.rs). No
-- function of this edition is asked of the other nodes: what they send is worked on here.

-- How Citus keeps a table, of whose catalog no function may know before it is there. NULL: it does not.
CREATE FUNCTION "ticket_ext".ticket_citus_kept(relation oid) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    kept record;
BEGIN
    EXECUTE $q$
-- How Citus keeps table $1; no row: it does not
SELECT CASE WHEN partmethod = 'h' THEN 'distributed'
            WHEN partmethod <> 'n' THEN 'other'
            WHEN repmodel = 't' THEN 'reference'
            WHEN colocationid = 0 THEN 'local'
            ELSE 'single-shard'
       END AS kind,
       repmodel = 'c' AS is_replicated,
       (SELECT groupid FROM pg_dist_local_group) = 0 AS on_coordinator,
       (SELECT count(DISTINCT shardid) = 1 AND count(*) = 1 AND bool_and(groupid <> 0)
        FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
        WHERE pg_dist_shard.logicalrelid = $1) AS is_in_one_place
FROM pg_dist_partition
WHERE logicalrelid = $1
$q$ INTO kept USING relation;
    RETURN CASE WHEN kept.kind IS NOT NULL THEN to_jsonb(kept) END;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_kept(oid) IS 'How Citus keeps a table';

-- Before anything is changed.
CREATE FUNCTION "ticket_ext".ticket_citus_check(context jsonb, looked jsonb, kept jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    is_shard boolean;
    fault text[];
BEGIN
    IF NOT (kept ->> 'on_coordinator')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse('NotOnCoordinator', context);
    END IF;
    fault := CASE
        WHEN kept IS NULL THEN NULL
        WHEN kept ->> 'kind' = 'other'
        THEN ARRAY['it is not distributed by hash', 'A batch is an interval of keys of all shards.',
                   'Distribute it by hash.']
        WHEN (kept ->> 'is_replicated')::boolean
        THEN ARRAY['its shards are replicated by statements',
                   'Copies of a shard may get different tokens when a node fails.',
                   'Set citus.shard_replication_factor to 1 and distribute it anew.']
        WHEN (kept ->> 'is_in_one_place')::boolean
        THEN ARRAY['its only shard is on another node',
                   'Citus commits on that node before the ledger row commits here: after a crash in between, its '
                   'tickets would be rotated twice.',
                   format('SELECT undistribute_table(''%s'');', replace(context ->> 'table', '''', ''''''))]
        WHEN (looked ->> 'has_triggers')::boolean
        THEN ARRAY['triggers fire on its updates',
                   'They fire on the nodes, where a batch cannot see what they do to the tokens.',
                   looked ->> 'disable_triggers']
    END;
    IF fault IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('CitusUnfit', context || jsonb_build_object(
            'fault', fault[1], 'detail', fault[2], 'remedy', fault[3]));
    END IF;
    EXECUTE $q$
SELECT EXISTS (
    SELECT FROM pg_dist_shard
    JOIN pg_class AS whole ON whole.oid = logicalrelid AND whole.relnamespace = own.relnamespace
    WHERE shardid = substring(own.relname FROM '_(\d{1,18})$')::bigint
      AND shard_name(logicalrelid, shardid) IN (quote_ident(own.relname), format('%I.%I', nspname, own.relname)))
FROM pg_class AS own
JOIN pg_namespace ON pg_namespace.oid = own.relnamespace
WHERE own.oid = $1
$q$ INTO is_shard USING (context ->> 'oid')::oid;
    -- One that Citus hides from this query is one.
    IF is_shard IS DISTINCT FROM false THEN
        PERFORM "ticket_ext".ticket_refuse('ShardByHand', context);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_check(jsonb, jsonb, jsonb) IS 'Refuses what cannot be rotated through Citus';

CREATE FUNCTION "ticket_ext".ticket_citus_rows(statement text, first text, second text) RETURNS SETOF record
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE statement USING first, second;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_rows(text, text, text) IS 'The rows of a statement, for a query that Citus does not see';

-- The context of a statement that reads tickets of an interval, or with some keys. Of a table that Citus keeps, keys
-- and tokens are fetched, and the statement goes on here.
CREATE FUNCTION "ticket_ext".ticket_fetched(context jsonb, lists boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    those text := CASE WHEN lists THEN '@key@ = ANY ($1)' ELSE $q$
@key@ OPERATOR(pg_catalog.>=) $1 AND @key@ OPERATOR(pg_catalog.<=) $2
$q$ END;
    tickets text := replace(replace($q$
-- Tickets with their keys, and the bytes of their tokens
SELECT @key_value@, @stored_bytes@
FROM @target@
WHERE @those@@has_token@
$q$, '@those@', those), '@stored_bytes@', '@token_bytes@');
BEGIN
    IF NOT (context ->> 'citus')::boolean THEN
        RETURN context;
    END IF;
    RETURN context || jsonb_build_object('target', format(
        '"ticket_ext".ticket_citus_rows(%L, $1, $2) AS ticket (%s %s, %s %s)',
        "ticket_ext".ticket_fill_keys(tickets, context, lists), context ->> 'key', context ->> 'key_type',
        context ->> 'token', context ->> 'bytes_type'));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_fetched(jsonb, boolean) IS 'The context of a statement that reads tickets where it runs';

-- As ticket_interval. Each shard would send as many as are asked for; keys that follow each other closely are found in
-- a part of it.
CREATE FUNCTION "ticket_ext".ticket_citus_interval(
    context jsonb, first_id bigint, last_id bigint, most bigint, OUT up_to bigint, OUT tickets bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    near bigint := least(last_id::numeric, first_id::numeric + 2 * most);
    reach bigint;
    bounds text[];
BEGIN
    FOREACH reach IN ARRAY CASE WHEN near < last_id THEN ARRAY[near, last_id] ELSE ARRAY[last_id] END LOOP
        bounds := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, first_id, reach);
        EXECUTE "ticket_ext".ticket_fill(format(
            'SELECT max(@id@), count(*) FROM "ticket_ext".ticket_citus_rows(%L, $1, $2) AS ticket (@key@ @key_type@)',
            "ticket_ext".ticket_fill_keys(replace($q$
-- The keys of the next $3 tickets from $1 to $2
SELECT @key_value@
FROM @target@
WHERE @key@ >= $1 AND @key@ <= $2
ORDER BY @key@
LIMIT $3
$q$, '$3', most::text), context)), context) INTO up_to, tickets USING bounds[1], bounds[2];
        EXIT WHEN tickets = most;
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_interval(jsonb, bigint, bigint, bigint) IS 'The next tickets of an interval, of all shards';
-- One batch: the next tickets of one range, in the caller's transaction (batch.rs, interval.rs, entries.rs).
--
-- No function can note what the UPDATE replaces. So one statement reads the tickets and their digests, and updates each
-- that still has the token which was read: compare and swap. Where another session has changed the token in between,
-- the server looks again at the new version, and the ticket is left for a second attempt under a lock.

-- Integrity violations without the row, which the server quotes with its tokens (violation.rs). Words that a function
-- of the user's has chosen name no constraint or table: they are not to be taken for the server's.
CREATE FUNCTION "ticket_ext".ticket_withhold(context jsonb, run jsonb, code text, message text, place text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF place = '' THEN
        RETURN false;
    ELSIF code = '23505' AND "ticket_ext".ticket_crowd(context, run) IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('Collision', context || "ticket_ext".ticket_crowd(context, run));
    END IF;
    PERFORM "ticket_ext".ticket_refuse('Violation', jsonb_build_object('code', code, 'message', message));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_withhold(jsonb, jsonb, text, text, text) IS 'Raises the error of a violated constraint, without the row';

-- A statement on the target by the caller's search_path, for its triggers: all waits for tickets end within half of
-- deadlock_timeout, so that it is never the application that is ended by a deadlock (lock_wait.rs).
CREATE FUNCTION "ticket_ext".ticket_execute(
    context jsonb, run jsonb, statement text, first text, second text, free text[],
    keys text[] DEFAULT NULL, old bytea[] DEFAULT NULL,
    OUT seen bigint[], OUT ids bigint[], OUT digests bigint[], OUT made bigint[], OUT moved text[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    longest interval := least(current_setting('deadlock_timeout')::interval / 2,
                              nullif(current_setting('lock_timeout')::interval, '0'));
    before text := "ticket_ext".ticket_limit_locks(longest);
    tighten_at timestamptz := clock_timestamp() + longest / 8;
    ends_at timestamptz := clock_timestamp() + longest;
    code text;
    message text;
    constraint_name text;
    table_name text;
BEGIN
    IF current_setting('ticket_rotation.batch', true) = pg_current_xact_id()::text THEN
        PERFORM "ticket_ext".ticket_refuse('NestedBatch');
    END IF;
    BEGIN
        -- The guard lets a batch pass.
        PERFORM set_config('ticket_rotation.batch',
                           CASE WHEN free IS NULL THEN '' ELSE pg_current_xact_id()::text END, true);
        PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
        IF free IS NULL THEN
            EXECUTE statement USING first, second;
        ELSE
            EXECUTE statement INTO seen, ids, digests, made, moved USING first, second, tighten_at, ends_at, free,
                keys, old;
        END IF;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        PERFORM set_config('ticket_rotation.batch', '', true);
    EXCEPTION
        WHEN integrity_constraint_violation OR restrict_violation OR not_null_violation OR foreign_key_violation
             OR unique_violation OR check_violation OR exclusion_violation THEN
            GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                constraint_name = CONSTRAINT_NAME, table_name = TABLE_NAME;
            -- Citus does not pass the names on.
            IF NOT "ticket_ext".ticket_withhold(context, run, code, message, CASE WHEN (context ->> 'citus')::boolean
                THEN 'a shard' ELSE constraint_name || table_name END) THEN
                RAISE;
            END IF;
    END;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_execute(jsonb, jsonb, text, text, text, text[], text[], bytea[]) IS 'Carries a statement on the target out, by the search_path of the caller';

-- What is deferred to the COMMIT would come after the comparison.
CREATE FUNCTION "ticket_ext".ticket_fire_deferred(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF (context ->> 'has_triggers')::boolean THEN
        PERFORM "ticket_ext".ticket_execute(context, run, 'SET CONSTRAINTS ALL IMMEDIATE', NULL, NULL, NULL);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_fire_deferred(jsonb, jsonb) IS 'Fires deferred triggers';

-- A new token, before which waits for locks are limited to what is left of the time.
CREATE FUNCTION "ticket_ext".ticket_limited(fresh text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $body$
BEGIN
    RETURN replace($q$CASE WHEN CASE WHEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.<) $3 THEN true
                                 ELSE pg_catalog.set_config('lock_timeout', greatest(1, 1000 OPERATOR(pg_catalog.*)
                                      extract(epoch FROM $4 OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()))
                                      ::pg_catalog.int4::pg_catalog.text, true) IS NOT NULL
                            END THEN @fresh@ END$q$, '@fresh@', fresh);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_limited(text) IS 'The expression for a new token within limited waits';

-- From PostgreSQL 18 on, an UPDATE tells what it has replaced, and needs no look before it. Where triggers fire, what
-- they have suppressed would be missing; and short tokens are numbered, which an UPDATE cannot.
CREATE FUNCTION "ticket_ext".ticket_update_old(context jsonb, fresh text, those text, lists boolean) RETURNS text
LANGUAGE plpgsql
AS $body$
DECLARE
    retired text := 'old.' || (context ->> 'token_bytes');
    digest text := format('"ticket_ext".ticket_token_digest(%s)', retired);
    repeats boolean := context ->> 'repeats';
BEGIN
    IF context ->> 'kind' = 'text' THEN
        digest := format('CASE WHEN %s OPERATOR(pg_catalog.<>) ''''::pg_catalog.text THEN %s END', retired, digest);
    END IF;
    RETURN "ticket_ext".ticket_fill_keys(replace($q$
WITH written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    WHERE @those@@has_token@
    RETURNING @id@ AS id, @retired@ AS digest@made@
)
SELECT NULL, pg_catalog.array_agg(id), pg_catalog.array_agg(digest), @all_made@, NULL
FROM (SELECT * FROM written ORDER BY id) AS entry
$q$, '@those@', those), context || jsonb_build_object(
        'limited', "ticket_ext".ticket_limited(fresh), 'retired', digest,
        'made', CASE WHEN repeats THEN format(', "ticket_ext".ticket_token_digest(new.%s) AS made', context ->> 'token_bytes')
                     ELSE '' END,
        'all_made', CASE WHEN repeats THEN 'pg_catalog.array_agg(made)' ELSE 'NULL' END),
        lists);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_update_old(jsonb, text, text, boolean) IS 'The UPDATE of a batch that tells what it has replaced';

-- The UPDATE joins the target to itself, key by key, where nothing has to be known of the new tokens. The tickets are
-- counted before it leaves new versions in their way; which they were is only asked where one was left out. A list of
-- all of them, with tokens made beforehand, takes 0.6 us a ticket more.
CREATE FUNCTION "ticket_ext".ticket_update(context jsonb, run jsonb, those text, lists boolean) RETURNS text
LANGUAGE plpgsql
AS $body$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    repeats boolean := context ->> 'repeats';
    made_before boolean := has_triggers
        OR context ->> 'kind' = 'text' AND "ticket_ext".ticket_crowd(context, run) IS NOT NULL;
    fresh text := "ticket_ext".ticket_new_token(context || CASE WHEN made_before THEN '{}' ELSE jsonb_build_object(
        'token_bytes', 'ticket.' || (context ->> 'token_bytes')) END, run);
    look text := replace($q$
    SELECT @key@ AS key, @id@ AS id, @token_bytes@ AS token, @place@@fresh@
           CASE WHEN @lacks_token@ THEN NULL ELSE "ticket_ext".ticket_token_digest(@token_bytes@) END AS digest
    FROM @target@
    WHERE @those@@has_token@$q$, '@fresh@', CASE WHEN made_before THEN fresh || ' AS fresh,' ELSE '' END);
BEGIN
    IF current_setting('server_version_num')::integer >= 180000 AND NOT made_before THEN
        RETURN "ticket_ext".ticket_update_old(context, fresh, those, lists);
    END IF;
    RETURN "ticket_ext".ticket_fill_keys(replace(replace(CASE WHEN made_before THEN $q$
WITH present AS MATERIALIZED (@look@
    ORDER BY @key@
), written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    FROM present
    WHERE @same@
    RETURNING present.id, present.digest@made@@moved@
)
SELECT (SELECT pg_catalog.array_agg(id) FROM present),
$q$ ELSE $q$
WITH seen AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS tickets
    FROM @target@
    WHERE @those@@has_token@
), written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    FROM (@look@) AS present
    WHERE (SELECT tickets FROM seen) OPERATOR(pg_catalog.>) 0 AND @same@
    RETURNING present.id, present.digest@made@
)
SELECT CASE WHEN (SELECT tickets FROM seen) OPERATOR(pg_catalog.>) pg_catalog.count(*)
            THEN ARRAY(SELECT @id@ FROM @target@ WHERE @those@@has_token@) END,
$q$ END || $q$
       pg_catalog.array_agg(id), pg_catalog.array_agg(digest), @all_made@, @all_moved@
FROM (SELECT * FROM written ORDER BY id) AS entry
$q$, '@look@', look), '@those@', those), context || jsonb_build_object(
        'limited', "ticket_ext".ticket_limited(CASE WHEN made_before THEN 'present.fresh' ELSE fresh END),
        'same', "ticket_ext".ticket_same(context, lists),
        'place', CASE WHEN repeats THEN 'ctid AS place, tableoid AS part,' ELSE '' END,
        'made', CASE WHEN made_before THEN ', "ticket_ext".ticket_token_digest(present.fresh) AS made'
                     WHEN repeats THEN format(', "ticket_ext".ticket_token_digest(ticket.%s) AS made',
                                              context ->> 'token_bytes')
                     ELSE '' END,
        'all_made', CASE WHEN made_before OR repeats THEN 'pg_catalog.array_agg(made)' ELSE 'NULL' END,
        'moved', CASE WHEN has_triggers THEN format(', CASE WHEN ticket.%1$s OPERATOR(pg_catalog.<>) present.key
            THEN ticket.%1$s::pg_catalog.text END AS moved', context ->> 'key') ELSE '' END,
        'all_moved', CASE WHEN has_triggers THEN 'pg_catalog.array_agg(moved) FILTER (WHERE moved IS NOT NULL)'
            ELSE 'NULL' END),
        lists);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_update(jsonb, jsonb, text, boolean) IS 'The UPDATE of a batch';

-- That a ticket has the token with which it was seen. Of tickets that have key and token in common, each is itself.
CREATE FUNCTION "ticket_ext".ticket_same(context jsonb, lists boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $body$
BEGIN
    RETURN format('ticket.%1$s OPERATOR(pg_catalog.=) present.key AND %2$s%3$s
      AND (ticket.%4$s OPERATOR(pg_catalog.=) present.token%5$s%6$s)',
        context ->> 'key',
        format(CASE WHEN lists THEN 'ticket.%1$s OPERATOR(pg_catalog.=) ANY ($1::%2$s[])'
                    ELSE 'ticket.%1$s OPERATOR(pg_catalog.>=) $1::%2$s
                          AND ticket.%1$s OPERATOR(pg_catalog.<=) $2::%2$s' END,
               context ->> 'key', context ->> 'key_type'),
        CASE WHEN (context ->> 'repeats')::boolean THEN ' AND ticket.ctid OPERATOR(pg_catalog.=) present.place
              AND ticket.tableoid OPERATOR(pg_catalog.=) present.part' ELSE '' END,
        context ->> 'token_bytes',
        CASE context ->> 'kind' WHEN 'text' THEN ' COLLATE pg_catalog."C"' ELSE '' END,
        CASE context ->> 'lacks_token' WHEN 'false' THEN ''
            ELSE format(' OR ticket.%s IS NULL AND present.token IS NULL', context ->> 'token') END);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_same(jsonb, boolean) IS 'The condition that a ticket is as it was seen';

-- What was written, by what is stored where triggers fire: one may have suppressed a row or changed its token. And
-- what is left: tickets that were seen and are not among it.
CREATE FUNCTION "ticket_ext".ticket_reconcile(
    context jsonb, those text, first text, second text, lists boolean, seen bigint[],
    INOUT ids bigint[], INOUT digests bigint[], INOUT made bigint[], OUT left_keys text[], OUT left_digests bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    by_id boolean := NOT has_triggers AND NOT (context ->> 'repeats')::boolean;
    stored record;
BEGIN
    EXECUTE "ticket_ext".ticket_fill_keys(replace(format(
        'SELECT array_agg(key::text) AS keys, array_agg(%s) AS ids, array_agg(digest) AS digests
         FROM (%s) AS stored (key, digest)',
        CASE WHEN (context ->> 'is_uuid')::boolean THEN '"ticket_ext".ticket_key(key)' ELSE 'key' END,
        $q$
SELECT @key_value@, coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0)
FROM @target@
WHERE @those@@has_token@
$q$), '@those@', CASE WHEN lists THEN '@key@ = ANY ($1)' ELSE those END), context, lists) INTO stored
    USING first, second;
    IF has_triggers THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(array_agg(digest ORDER BY id), '{}'),
               coalesce(array_agg(fresh ORDER BY id), '{}')
        INTO ids, digests, made
        FROM unnest(ids, digests, made) AS written (id, digest, fresh)
        WHERE (id, fresh) IN (SELECT * FROM unnest(stored.ids, stored.digests));
    END IF;
    SELECT array_agg(key ORDER BY id), array_agg(digest ORDER BY id) INTO left_keys, left_digests
    FROM unnest(stored.keys, stored.ids, stored.digests) AS ticket (key, id, digest)
    WHERE id IN (SELECT unnest(seen))
      AND NOT EXISTS (SELECT FROM unnest(ids, made) AS written (id, fresh)
                      WHERE written.id = ticket.id AND (by_id OR fresh = ticket.digest))
      AND (NOT lists OR (key, digest) IN (SELECT * FROM unnest(first::text[], second::bigint[])));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_reconcile(jsonb, text, text, text, boolean, bigint[], bigint[], bigint[], bigint[]) IS 'Compares what a batch has written with what is stored';

-- Gives the tickets new tokens. Returns the entries of what was written, and the tickets that were not.
CREATE FUNCTION "ticket_ext".ticket_write(
    context jsonb, run jsonb, those text, first text, second text, about bigint, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[], OUT left_keys text[], OUT left_digests bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    result record;
BEGIN
    PERFORM "ticket_ext".ticket_fire_deferred(context, run);
    result := "ticket_ext".ticket_execute(context, run, "ticket_ext".ticket_update(context, run, those, lists),
                                         first, second,
                                         "ticket_ext".ticket_free_tokens(context, run, about));
    ids := coalesce(result.ids, '{}');
    digests := coalesce(result.digests, '{}');
    made := coalesce(result.made, '{}');
    IF result.moved IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse_kept(context, result.moved);
    ELSIF has_triggers OR cardinality(ids) < cardinality(result.seen) THEN
        PERFORM "ticket_ext".ticket_fire_deferred(context, run);
        SELECT * INTO ids, digests, made, left_keys, left_digests
        FROM "ticket_ext".ticket_reconcile(context, those, first, second, lists, result.seen, ids, digests, made);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_write(jsonb, jsonb, text, text, text, bigint, boolean) IS 'Gives tickets new tokens, as far as nothing comes in between';

CREATE FUNCTION "ticket_ext".ticket_refuse_kept(context jsonb, keys text[]) RETURNS void
LANGUAGE sql
AS $$
    SELECT "ticket_ext".ticket_refuse(CASE WHEN context ->> 'disable' IS NULL THEN 'NotRotated' ELSE 'Withheld' END,
        context || jsonb_build_object(
            'count', cardinality(keys),
            'keys', array_to_string(keys[:5], ', ') || CASE WHEN cardinality(keys) > 5 THEN ', ...' ELSE '' END))
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_refuse_kept(jsonb, text[]) IS 'Raises the error of tickets that would have kept their old token';

-- The same, for certain: what is left over is locked, and so written, unless a trigger withholds it.
CREATE FUNCTION "ticket_ext".ticket_rotate_those(
    context jsonb, run jsonb, those text, first text, second text, about bigint, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    holding text := $q$
@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0::pg_catalog.int8) OPERATOR(pg_catalog.=) ANY ($2)
$q$;
    result record;
    again record;
BEGIN
    IF (context ->> 'citus')::boolean THEN
        SELECT * INTO ids, digests, made FROM "ticket_ext".ticket_citus_rotate(context, run, first, second, lists);
        RETURN;
    END IF;
    result := "ticket_ext".ticket_write(context, run, those, first, second, about, lists);
    IF result.left_keys IS NOT NULL THEN
        first := result.left_keys;
        second := result.left_digests;
        PERFORM "ticket_ext".ticket_execute(context, run, "ticket_ext".ticket_fill_keys(
            format('SELECT FROM @target@ WHERE %s FOR NO KEY UPDATE', holding), context, true), first, second, NULL);
        again := "ticket_ext".ticket_write(context, run, holding, first, second, about, true);
        IF again.left_keys IS NOT NULL THEN
            PERFORM "ticket_ext".ticket_refuse_kept(context, again.left_keys);
        END IF;
        SELECT array_agg(id ORDER BY id), array_agg(digest ORDER BY id), array_agg(fresh ORDER BY id)
        INTO ids, digests, made
        FROM unnest(result.ids || again.ids, result.digests || again.digests, result.made || again.made)
             AS entry (id, digest, fresh);
    ELSE
        ids := result.ids;
        digests := result.digests;
        made := result.made;
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_rotate_those(jsonb, jsonb, text, text, text, bigint, boolean) IS 'Gives tickets new tokens, returns the entries';

-- A run that has ended or was paused since the batch began gets no ledger row: its batch is rolled back.
CREATE FUNCTION "ticket_ext".ticket_record(
    context jsonb, run bigint, sweep integer, first_id bigint, last_id bigint, claimed jsonb,
    ids bigint[], digests bigint[], made bigint[]
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    tickets bigint := coalesce(cardinality(ids), 0);
    before text := "ticket_ext".ticket_limit_locks('3 s');
BEGIN
    IF "ticket_ext".ticket_record_batch(
           run, sweep, first_id, last_id, tickets, (claimed ->> 'tickets')::bigint + tickets, coalesce(ids, '{}'),
           coalesce(digests, '{}'), CASE WHEN (context ->> 'repeats')::boolean THEN coalesce(made, '{}') END,
           (claimed ->> 'claimed_at')::timestamptz) IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse_state(context, run);
    END IF;
    IF last_id = (claimed ->> 'last_id')::bigint THEN
        PERFORM "ticket_ext".ticket_finish_range(run, (claimed ->> 'range')::bigint, sweep);
    END IF;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_record(jsonb, bigint, integer, bigint, bigint, jsonb, bigint[], bigint[], bigint[]) IS 'Writes the ledger row of a batch';

CREATE FUNCTION "ticket_ext".ticket_record_batch(
    run bigint, number integer, first_id bigint, last_id bigint, tickets bigint, range_tickets bigint,
    keys bigint[], digests bigint[], new_digests bigint[], started_at timestamptz
) RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    recorded bigint;
BEGIN
-- No row: the run is no longer active
INSERT INTO "ticket_ext".ticket_rotation_batch
    (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, new_digests, started_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
FROM "ticket_ext".ticket_rotation
WHERE run_id = $1 AND state = 'active'
RETURNING last_id
    INTO recorded;
    RETURN recorded;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_record_batch(bigint, integer, bigint, bigint, bigint, bigint, bigint[], bigint[], bigint[], timestamptz) IS 'Writes a ledger row, unless the run has ended';

-- Returns the last id; that of the range where it held no more tickets. A call goes no further than one range: with the
-- locks of several it might wait for a call that waits for one of them.
CREATE FUNCTION "ticket_ext".ticket_rotate_next(context jsonb, run jsonb, claimed jsonb, batch bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    first_id bigint := claimed ->> 'first_id';
    last_id bigint := claimed ->> 'last_id';
    next record := "ticket_ext".ticket_interval(context, first_id, last_id, batch);
    bounds text[];
    entries record;
BEGIN
    IF next.tickets = batch THEN
        last_id := next.up_to;
    END IF;
    IF next.tickets > 0 THEN
        bounds := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, first_id, last_id);
    ELSE
        bounds := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, 1, 0);
    END IF;
    entries := "ticket_ext".ticket_rotate_those(context, run, $q$
@key@ OPERATOR(pg_catalog.>=) $1 AND @key@ OPERATOR(pg_catalog.<=) $2
$q$, bounds[1], bounds[2], next.tickets, false);
    PERFORM "ticket_ext".ticket_record(context, (run ->> 'run_id')::bigint, 0, first_id, last_id, claimed,
                                      entries.ids, entries.digests, entries.made);
    RETURN coalesce(next.up_to, last_id);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_rotate_next(jsonb, jsonb, jsonb, bigint) IS 'Rotates the next tickets of a range';

CREATE FUNCTION "ticket_ext".ticket_rotate(after_id bigint, batch integer, target regclass, token_column name, path text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb;
    run jsonb;
    number bigint;
    -- Entries of a batch are kept in arrays of the ledger, of at most 1 GB.
    size bigint := least(batch, 5000000);
    from_id bigint := CASE WHEN after_id < 9223372036854775807 THEN after_id + 1
                           WHEN after_id IS NULL THEN -9223372036854775808 END;
    claimed jsonb;
    last_id bigint;
BEGIN
    IF batch IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NullBatch');
    ELSIF batch < 1 THEN
        PERFORM "ticket_ext".ticket_refuse('BatchTooSmall', jsonb_build_object('found', batch));
    END IF;
    context := "ticket_ext".ticket_context('rotate', target, token_column, path);
    run := "ticket_ext".ticket_run_to_rotate(context);
    IF run IS NULL THEN
        RETURN NULL;
    END IF;
    number := run ->> 'run_id';
    IF (run ->> 'has_ranges_left')::boolean THEN
        claimed := "ticket_ext".ticket_claim_range(context, number, 0, from_id, true);
        IF claimed IS NOT NULL THEN
            claimed := "ticket_ext".ticket_split_range(context, number, claimed, from_id);
            last_id := "ticket_ext".ticket_rotate_next(context, run, claimed, size);
        ELSIF NOT "ticket_ext".ticket_ranges_left(number, 0, -9223372036854775808) THEN
            -- Others have ended the last ranges meanwhile. Their rows, which the claim has waited for, stay locked: a
            -- sweep might wait for a session that waits for one of them.
            last_id := run ->> 'upper_id';
        END IF;
    ELSE
        last_id := "ticket_ext".ticket_sweep(context, run, size);
        IF last_id IS NULL THEN
            PERFORM "ticket_ext".ticket_finish(context, run);
        END IF;
    END IF;
    PERFORM "ticket_ext".ticket_confirm(context);
    RETURN last_id;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_rotate(bigint, integer, regclass, name, text) IS 'Rotates a batch, by the search_path of the caller';
-- A batch of a table that Citus keeps: compare and swap (citus/batch.rs, citus/tokens.rs).

-- Tickets by key, as far as they have the tokens that they were found with, and no entry (ids, made) yet.
CREATE FUNCTION "ticket_ext".ticket_citus_read(
    context jsonb, first text, second text, lists boolean, found_keys text[], found_digests bigint[],
    entered bigint[], made bigint[],
    OUT keys text[], OUT ids bigint[], OUT old bytea[], OUT digests bigint[]
)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE "ticket_ext".ticket_fill($q$
SELECT array_agg(key::text), array_agg(id), array_agg(old), array_agg(digest)
FROM (SELECT key, id, old, coalesce("ticket_ext".ticket_token_digest(old), 0) AS digest
      FROM (SELECT @key_value@ AS key, @id@ AS id, @stored_bytes@ AS old FROM @target@) AS ticket
      ORDER BY key) AS ticket
WHERE ($3 IS NULL OR (key::text, digest) IN (SELECT * FROM unnest($3, $4)))
  AND (id, digest) NOT IN (SELECT * FROM unnest($5, $6))
$q$, "ticket_ext".ticket_fetched(context, lists) || jsonb_build_object('stored_bytes', format(
        CASE context ->> 'kind' WHEN 'uuid' THEN 'uuid_send(%s)' WHEN 'bytea' THEN '%s'
                                ELSE 'convert_to(%s, getdatabaseencoding())' END, context ->> 'token_bytes')))
    INTO keys, ids, old, digests USING first, second, found_keys, found_digests, entered, made;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_read(jsonb, text, text, boolean, text[], bigint[], bigint[], bigint[]) IS 'Tickets with the bytes of their tokens';

-- By the caller's search_path: nothing is looked up by name.
CREATE FUNCTION "ticket_ext".ticket_citus_places(
    statement text, keys text[], old bytea[], new text[], first text, last text
) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE statement USING keys, old, new, first, last;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_places(text, text[], bytea[], text[], text, text) IS 'The places in the lists of the tickets that a statement has updated';

-- $1: keys, $2: bytes of tokens, $3: new tokens, $4 and $5: the first and the last key.
CREATE FUNCTION "ticket_ext".ticket_citus_write(
    context jsonb, run jsonb, statement text, keys text[], ids bigint[], old bytea[], new text[]
) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, ids[1], ids[cardinality(ids)]);
    written record;
BEGIN
    statement := replace(replace(statement, '$1', '$1::@key_type@[]'), '$3', '$3::@bytes_type@[]');
    statement := replace(replace(statement, '$4', '$4::@key_type@'), '$5', '$5::@key_type@');
    written := "ticket_ext".ticket_execute(context, run, format(
        'SELECT NULL, pg_catalog.array_agg(place), NULL, NULL, NULL
         FROM "ticket_ext".ticket_citus_places(%L, $6, $7, $5, $1, $2) AS place',
        "ticket_ext".ticket_fill(statement, context)), bounds[1], bounds[2], new, keys, old);
    RETURN coalesce(written.ids, '{}');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_write(jsonb, jsonb, text, text[], bigint[], bytea[], text[]) IS 'Updates tickets, returns their places in the lists';

-- Waits for those who write to the tickets, and keeps others out.
CREATE FUNCTION "ticket_ext".ticket_citus_lock(context jsonb, run jsonb, keys text[], ids bigint[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM "ticket_ext".ticket_citus_write(context, run, replace(replace($q$
-- Locks tickets ($1: keys, from $2 to $3), as SELECT FOR UPDATE cannot over several shards
UPDATE @target@ AS ticket
SET @token@ = ticket.@token@
WHERE ticket.@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND ticket.@key@ OPERATOR(pg_catalog.>=) $2 AND ticket.@key@ OPERATOR(pg_catalog.<=) $3
$q$, '$3', '$5'), '$2', '$4') || ' RETURNING 0::pg_catalog.int8', keys, ids, NULL, '{}');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_lock(jsonb, jsonb, text[], bigint[]) IS 'Locks tickets of several shards';

-- Compare and swap: the tickets (by place) that still had the token which was read, and the digests of all new tokens.
CREATE FUNCTION "ticket_ext".ticket_citus_swap(
    context jsonb, run jsonb, keys text[], ids bigint[], old bytea[], OUT places bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    tickets bigint := cardinality(keys);
    token text := 'ticket.' || (context ->> 'token_bytes');
    new text[];
    twice bigint;
BEGIN
    EXECUTE format('SELECT array_agg(token::text), array_agg("ticket_ext".ticket_token_digest(token))
                    FROM (SELECT %s AS token FROM generate_series(1, $1) OFFSET 0) AS made',
                   "ticket_ext".ticket_new_token(context, run)) INTO new, made
    USING tickets, NULL::text, NULL::text, NULL::text, "ticket_ext".ticket_free_tokens(context, run, tickets);
    places := "ticket_ext".ticket_citus_write(context, run, replace(replace($q$
-- Gives each ticket ($1: keys, $2: the bytes of their tokens) a new token ($3), if it still has the one that was read.
-- Each shard knows the first and the last key ($4, $5). The lists would be parameters there, which its node may log: a
-- VOLATILE function keeps them here. What is materialized is sent to each node once, in no statement.
WITH fresh AS MATERIALIZED (
    SELECT key, @old@ AS old, new, place
    FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))
         WITH ORDINALITY AS fresh (key, old, new, place)
    WHERE pg_catalog.clock_timestamp() IS NOT NULL
)
UPDATE @target@ AS ticket
SET @token@ = fresh.new
FROM fresh
WHERE ticket.@key@ OPERATOR(pg_catalog.=) fresh.key
  AND ticket.@key@ OPERATOR(pg_catalog.>=) $4 AND ticket.@key@ OPERATOR(pg_catalog.<=) $5
  AND (@same@ OR ticket.@token@ IS NULL AND fresh.old IS NULL)
RETURNING fresh.place
$q$, '@old@', CASE context ->> 'kind' WHEN 'text' THEN
            'pg_catalog.convert_from(old, pg_catalog.getdatabaseencoding())' ELSE 'old' END),
        '@same@', format(CASE context ->> 'kind'
            WHEN 'uuid' THEN 'pg_catalog.uuid_send(%s) OPERATOR(pg_catalog.=) fresh.old'
            WHEN 'text' THEN '%s OPERATOR(pg_catalog.=) fresh.old COLLATE pg_catalog."C"'
            ELSE '%s OPERATOR(pg_catalog.=) fresh.old' END, token)), keys, ids, old, new);
    twice := (SELECT place FROM unnest(places) AS place GROUP BY place HAVING count(*) > 1 ORDER BY place LIMIT 1);
    IF twice IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('Alike', context || jsonb_build_object('key', keys[twice]));
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_swap(jsonb, jsonb, text[], bigint[], bytea[]) IS 'Gives tickets new tokens if they have those that were read';

-- A batch: what another session has changed between look and update is locked, read and done again. The other nodes
-- commit for good once this one has. If it could lose its commit in a crash, as sessions may choose, tickets would be
-- rotated without their entries, and then once more.
CREATE FUNCTION "ticket_ext".ticket_citus_rotate(
    context jsonb, run jsonb, first text, second text, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    found_keys text[] := CASE WHEN lists THEN first END;
    found_digests bigint[] := CASE WHEN lists THEN second END;
    read record;
    swapped record;
BEGIN
    EXECUTE $q$
SELECT pg_catalog.set_config('synchronous_commit', 'on', true)
WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'
$q$;
    ids := '{}';
    digests := '{}';
    made := '{}';
    FOR attempt IN 1..2 LOOP
        read := "ticket_ext".ticket_citus_read(context, first, second, lists, found_keys, found_digests, ids, made);
        EXIT WHEN read.keys IS NULL;
        swapped := "ticket_ext".ticket_citus_swap(context, run, read.keys, read.ids, read.old);
        SELECT ids || array_agg(id), made || array_agg(fresh), digests || array_agg(
                   CASE WHEN old IS NULL OR context ->> 'kind' = 'text' AND length(old) = 0 THEN NULL ELSE digest END)
        INTO ids, made, digests
        FROM unnest(read.ids, read.old, read.digests, swapped.made) WITH ORDINALITY
             AS ticket (id, old, digest, fresh, place)
        WHERE place = ANY (swapped.places);
        SELECT array_agg(key ORDER BY place), array_agg(id ORDER BY place) INTO read.keys, read.ids
        FROM unnest(read.keys, read.ids) WITH ORDINALITY AS ticket (key, id, place)
        WHERE NOT place = ANY (swapped.places);
        EXIT WHEN read.keys IS NULL;
        IF attempt = 2 THEN
            PERFORM "ticket_ext".ticket_refuse_kept(context, read.keys);
        END IF;
        PERFORM "ticket_ext".ticket_citus_lock(context, run, read.keys, read.ids);
        first := read.keys;
        second := '{}';
        lists := true;
    END LOOP;
    SELECT array_agg(id ORDER BY id), array_agg(digest ORDER BY id), array_agg(fresh ORDER BY id)
    INTO ids, digests, made
    FROM unnest(ids, digests, made) AS entry (id, digest, fresh);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_rotate(jsonb, jsonb, text, text, boolean) IS 'Gives tickets of several shards new tokens, returns the entries';
-- What the start, the sweep and the proof of a run ask of the nodes (citus/start.rs, citus/writers.rs).

-- As plan_run.sql, without a function that the other nodes lack. Of a UUID no other is the next.
CREATE FUNCTION "ticket_ext".ticket_citus_plan(is_uuid boolean) RETURNS text
LANGUAGE sql IMMUTABLE
AS $body$
    SELECT replace($q$
-- How many tickets there are, with and without a token
SELECT @highest@ AS highest,
       count(*) FILTER (WHERE true@has_token@) AS tickets,
       count(*) FILTER (WHERE @lacks_token@) AS without_token
FROM @target@
$q$, '@highest@', CASE WHEN is_uuid THEN 'nullif(count(*), 0)' ELSE 'max(@key@)::pg_catalog.int8' END)
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_plan(boolean) IS 'The query for what a run covers';

CREATE FUNCTION "ticket_ext".ticket_citus_drawn(sequence oid) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    drawn bigint;
BEGIN
    EXECUTE $q$
-- The highest number that any node has drawn from sequence $1: each has its own. NULL where one does not answer.
SELECT CASE WHEN bool_and(success) THEN max(CASE WHEN success THEN nullif(result, '')::bigint END) END
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS sequence
CROSS JOIN LATERAL run_command_on_all_nodes(format('SELECT pg_catalog.pg_sequence_last_value(%L)', name))
$q$ INTO drawn USING sequence;
    RETURN drawn;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_drawn(oid) IS 'The last value of a sequence on all nodes';

-- Where all ranges but the last one end, by a sample of the keys.
CREATE FUNCTION "ticket_ext".ticket_citus_range_ends(context jsonb, upper_id bigint, parts bigint, percent float8)
RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    ids bigint[];
BEGIN
    EXECUTE "ticket_ext".ticket_fill(format(
        'SELECT array_agg(@id@ ORDER BY @id@)
         FROM "ticket_ext".ticket_citus_rows(%L, $1, NULL) AS ticket (@key@ @key_type@)',
        "ticket_ext".ticket_fill(replace($q$
-- The keys of a sample of $1 percent of the pages
SELECT @key_value@ FROM @target@ TABLESAMPLE SYSTEM ($1)
$q$, '($1)', '($1::pg_catalog.float4)'), context)), context) INTO ids USING percent::text;
    RETURN ARRAY(SELECT DISTINCT ids[1 + cardinality(ids) * part / parts]
                 FROM generate_series(1, parts - 1) AS part
                 WHERE ids[1 + cardinality(ids) * part / parts] < upper_id
                 ORDER BY 1);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_range_ends(jsonb, bigint, bigint, double precision) IS 'Where ranges end, by a sample';

-- Those on all nodes that write to shards, longer than so many seconds (NULL: all), and those that are prepared.
CREATE FUNCTION "ticket_ext".ticket_citus_writers(context jsonb, longer_than float8) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    writer record;
    writers jsonb := '[]';
BEGIN
    FOR writer IN EXECUTE $writers$
-- Transactions that write to shards of table $1 or its partitions, on all nodes that have some: those that began longer
-- ago than $2 seconds, by the clock of their node (NULL: all), and those that are prepared, whose beginning nobody
-- knows. Not this session's own ($3: the process here).
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), shard AS (
    SELECT nspname, parse_ident(shard_name(logicalrelid, shardid)) AS name, shardid
    FROM tree
    JOIN pg_dist_shard ON logicalrelid = tree.oid
    JOIN pg_class ON pg_class.oid = tree.oid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
), node AS (
    SELECT nodeid, nodename, nodeport
    FROM pg_dist_node
    WHERE noderole = 'primary' AND groupid IN (SELECT groupid FROM shard JOIN pg_dist_placement USING (shardid))
), asked AS (
    SELECT format($q$
        SELECT coalesce(json_agg(json_build_object('xid', writer.transactionid, 'since', since, 'pid', held.pid,
            'described', CASE WHEN held.pid IS NULL AND gid IS NULL THEN 'a prepared transaction that ends just now'
                              WHEN held.pid IS NULL THEN format('prepared transaction %%L of %%I since %%s', gid, owner, since)
                              ELSE format('process %%s (%%s, %%s since %%s)', held.pid,
                                          coalesce(nullif(application_name, ''), backend_type, 'unknown'),
                                          coalesce(state, 'at work'), since) END)), '[]')::text
        FROM (SELECT DISTINCT pid, virtualtransaction
              FROM pg_catalog.pg_locks
              JOIN pg_catalog.pg_class ON pg_class.oid = relation AND relname = ANY (%L)
              WHERE locktype = 'relation' AND granted
                AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) AS held
        JOIN pg_catalog.pg_locks AS writer USING (virtualtransaction)
        LEFT JOIN pg_catalog.pg_stat_activity AS session ON session.pid = held.pid
        LEFT JOIN pg_catalog.pg_prepared_xacts AS prepared
            ON held.pid IS NULL AND prepared.transaction = writer.transactionid
        CROSS JOIN LATERAL (SELECT date_trunc('second', coalesce(xact_start, prepared)) AS since) AS start
        WHERE writer.locktype = 'transactionid' AND writer.mode = 'ExclusiveLock' AND writer.granted
          AND application_name IS DISTINCT FROM 'citus_internal gpid=%s'
          AND NOT (held.pid IS NOT DISTINCT FROM %s AND 0 = (SELECT groupid FROM pg_catalog.pg_dist_local_group))
          AND coalesce(clock_timestamp() - xact_start > interval '1 second' * %s, true)
        $q$, array_agg(DISTINCT name[cardinality(name)]), citus_backend_gpid(), $3, coalesce($2, -1)) AS command
    FROM shard
)
SELECT format('%s:%s', node_name, node_port) AS node,
       CASE WHEN NOT success THEN result END AS fault,
       format('%s %s:%s', xid, node_name, node_port) AS place,
       format('%s on %s:%s', described, node_name, node_port) AS described,
       CASE WHEN pid IS NULL THEN 'SELECT recover_prepared_transactions();'
            ELSE format('SELECT pg_terminate_backend(%s);', nodeid::bigint * 10000000000 + pid)
       END AS remedy
FROM (SELECT array_agg(nodename::text), array_agg(nodeport), array_agg(command) FROM node, asked) AS place (names, ports, commands)
CROSS JOIN LATERAL master_run_on_worker(names, ports, commands, true) AS answer
JOIN node ON nodename = node_name AND nodeport = node_port
LEFT JOIN LATERAL json_to_recordset(CASE WHEN success THEN result::json END)
    AS writer (xid text, since timestamptz, pid integer, described text) ON true
WHERE xid IS NOT NULL OR NOT success
ORDER BY since
$writers$ USING (context ->> 'oid')::oid, longer_than, pg_backend_pid() LOOP
        IF writer.fault IS NOT NULL THEN
            PERFORM "ticket_ext".ticket_refuse('NodeAway', to_jsonb(writer));
        END IF;
        writers := writers || to_jsonb(writer);
    END LOOP;
    RETURN writers;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_writers(jsonb, double precision) IS 'Transactions on all nodes that write to the target';

-- NULL: all have ended. Those that came later are not waited for.
CREATE FUNCTION "ticket_ext".ticket_citus_wait(context jsonb, run bigint, longer_than float8, longest interval)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    ends_at timestamptz := clock_timestamp() + longest;
    writers jsonb := "ticket_ext".ticket_citus_writers(context, longer_than);
    was_said boolean := false;
    holders jsonb;
    now jsonb;
BEGIN
    WHILE jsonb_array_length(writers) > 0 LOOP
        holders := jsonb_build_object(
            '', concat_ws(', ', writers -> 0 ->> 'described', writers -> 1 ->> 'described',
                          writers -> 2 ->> 'described'),
            'end', writers -> 0 -> 'remedy');
        IF clock_timestamp() > ends_at THEN
            RETURN holders;
        ELSIF run IS NOT NULL AND NOT was_said THEN
            RAISE NOTICE 'run % waits for transactions older than it: %', run, holders ->> ''
                USING DATATYPE = 'ticket_ext';
            was_said := true;
        END IF;
        PERFORM pg_sleep(0.1);
        now := "ticket_ext".ticket_citus_writers(context, NULL);
        writers := (SELECT coalesce(jsonb_agg(writer ORDER BY number), '[]')
                    FROM jsonb_array_elements(writers) WITH ORDINALITY AS before (writer, number)
                    WHERE writer ->> 'place' IN (SELECT other ->> 'place' FROM jsonb_array_elements(now) AS other));
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_wait(jsonb, bigint, double precision, interval) IS 'Waits for transactions on all nodes, returns those that are left';

-- Those older than a run.
CREATE FUNCTION "ticket_ext".ticket_citus_wait_for_older(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    number bigint := run ->> 'run_id';
    age float8;
    holders jsonb;
BEGIN
    EXECUTE $q$
-- How many seconds ago run $1 has started. A few more, in which it may have looked at its table, or clocks may differ.
SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 - 10 FROM "ticket_ext".ticket_rotation WHERE run_id = $1
$q$ INTO age USING number;
    holders := "ticket_ext".ticket_citus_wait(context, number, age, '10 s');
    IF holders IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse_run('OlderWriters', context || holders, run);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_wait_for_older(jsonb, jsonb) IS 'Waits for transactions on all nodes that are older than a run';

-- What is due may be what a node has not committed yet, while the ledger has it already: those that are due still, once
-- all that was prepared has ended.
CREATE FUNCTION "ticket_ext".ticket_citus_settled(
    context jsonb, run jsonb, first_id bigint, last_id bigint, before_ids bigint[], before_digests bigint[],
    OUT keys text[], OUT ids bigint[], OUT digests bigint[], OUT reasons integer[], OUT left_over jsonb
)
LANGUAGE plpgsql
AS $$
DECLARE
    -- Longer than any transaction lasts, in seconds.
    forever constant float8 := 1e9;
    holders jsonb := "ticket_ext".ticket_citus_wait(context, NULL, forever, '3 s');
    step record;
BEGIN
    IF holders IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('Held', holders || jsonb_build_object('what',
            'table ' || (context ->> 'table')));
    END IF;
    left_over := '{}';
    LOOP
        step := "ticket_ext".ticket_step(context, run, first_id, last_id);
        SELECT keys || array_agg(key ORDER BY place), ids || array_agg(id ORDER BY place),
               digests || array_agg(digest ORDER BY place), reasons || array_agg(reason ORDER BY place)
        INTO keys, ids, digests, reasons
        FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY
             AS due (key, id, digest, reason, place)
        WHERE (id, digest) IN (SELECT * FROM unnest(before_ids, before_digests));
        left_over := left_over || step.left_over;
        EXIT WHEN step.up_to >= last_id;
        first_id := step.up_to + 1;
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_citus_settled(jsonb, jsonb, bigint, bigint, bigint[], bigint[]) IS 'What is due still at a second look';
-- The sweep at the end of a run, and the tickets beside their entries (sweep.rs, accounting.rs, shared_id.rs, late.rs).

-- The next entries of a run in an interval, about so many, and the id that they reach up to.
CREATE FUNCTION "ticket_ext".ticket_entries(
    run bigint, first_id bigint, last_id bigint, most bigint,
    OUT up_to bigint, OUT ids bigint[], OUT retired bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    batch record;
    upper_id constant bigint := last_id;
BEGIN
    -- Arrays are put together whole: taken apart, each entry costs a quarter of a microsecond.
    FOR batch IN SELECT * FROM (
-- The next batches of run $1 between $2 and $3, of about $4 tickets: one at least, where there is one
SELECT last_id, keys, digests, new_digests
FROM (SELECT last_id, keys, digests, new_digests, sum(tickets) OVER (ORDER BY last_id) - tickets AS before
      FROM (SELECT last_id, tickets, keys, digests, new_digests
            FROM "ticket_ext".ticket_rotation_batch
            WHERE run_id = $1 AND sweep = 0 AND last_id >= $2 AND first_id <= $3
            ORDER BY last_id
            LIMIT 1000) AS batch) AS batch
WHERE before < $4
ORDER BY last_id
    ) AS batch ORDER BY last_id LOOP
        up_to := least(batch.last_id, upper_id);
        ids := ids || batch.keys;
        retired := retired || batch.digests;
        made := made || coalesce(batch.new_digests, array_fill(NULL::bigint, ARRAY[cardinality(batch.keys)]));
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_entries(bigint, bigint, bigint, bigint) IS 'The next entries of a run';

CREATE FUNCTION "ticket_ext".ticket_swept_entries(
    run bigint, first_id bigint, last_id bigint, OUT ids bigint[], OUT retired bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    SELECT array_agg(key), array_agg(digest), array_agg(new_digest) INTO ids, retired, made FROM (
SELECT entry.key, entry.digest, entry.new_digest
FROM "ticket_ext".ticket_rotation_batch AS batch
CROSS JOIN LATERAL unnest(keys, digests, new_digests) AS entry (key, digest, new_digest)
WHERE run_id = $1 AND sweep > 0 AND last_id >= $2 AND first_id <= $3
  AND entry.key BETWEEN $2 AND $3
    ) AS swept;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_swept_entries(bigint, bigint, bigint) IS 'Entries of sweeps in an interval';

-- The tickets of an id that may have no entry, more than there are entries left over, and how many are.
CREATE FUNCTION "ticket_ext".ticket_unknown(
    context jsonb, number bigint, ids bigint[], retired bigint[], made bigint[],
    OUT keys text[], OUT digests bigint[], OUT left_over bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, number, number);
BEGIN
    EXECUTE "ticket_ext".ticket_fill_keys(replace($q$
WITH live (key, digest) AS MATERIALIZED (
SELECT @key_value@, coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0)
FROM @target@
WHERE @those@@has_token@
), entry AS MATERIALIZED (
    SELECT place, retired, made,
           coalesce(retired IN (SELECT digest FROM live), false) OR coalesce(made IN (SELECT digest FROM live),
               false) AS is_of
    FROM unnest($4, $5, $6) WITH ORDINALITY AS entry (id, retired, made, place)
    WHERE id = $3
), unknown AS (
    SELECT key, digest FROM live
    WHERE NOT EXISTS (SELECT FROM entry WHERE digest IN (retired, made))
), surplus AS (
    SELECT count(*) AS left_over
    FROM (SELECT FROM entry GROUP BY retired,
        CASE WHEN retired IS NULL THEN place END HAVING NOT bool_or(is_of)) AS entry
)
SELECT array_agg(key::text), array_agg(digest), left_over
FROM surplus LEFT JOIN unknown ON true
GROUP BY left_over
HAVING count(digest) > left_over
$q$, '@those@', $q$
@key@ OPERATOR(pg_catalog.>=) $1 AND @key@ OPERATOR(pg_catalog.<=) $2
$q$), "ticket_ext".ticket_fetched(context)) INTO keys, digests, left_over USING bounds[1], bounds[2], number, ids, retired, made;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_unknown(jsonb, bigint, bigint[], bigint[], bigint[]) IS 'Which tickets that have an id in common have no entry';

-- Looks at the next tickets of an interval and their entries. Which are due, and why: 1, they have no entry, 2, their
-- old token is back. Left over, by id: entries that some of the tickets without one have in truth, no telling which.
CREATE FUNCTION "ticket_ext".ticket_step(
    context jsonb, run jsonb, first_id bigint, last_id bigint,
    OUT up_to bigint, OUT entries bigint, OUT keys text[], OUT ids bigint[], OUT digests bigint[],
        OUT reasons integer[],
    OUT left_over jsonb
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    -- In memory at a time, and due tickets that are returned: some hundred kilobytes.
    most constant bigint := 20000;
    number bigint := run ->> 'run_id';
    -- Where ids repeat, a ticket is known by its place in the look, and its entry by the token that it got.
    repeats boolean := context ->> 'repeats';
    -- Entries first: a ticket that is rotated in between has a token that none of them retired.
    entry record := "ticket_ext".ticket_entries(number, first_id, last_id, most);
    swept record;
    bounds text[];
    unclear bigint;
    unknown record;
BEGIN
    up_to := coalesce(entry.up_to, last_id);
    entries := coalesce(cardinality(entry.ids), 0);
    left_over := '{}';
    IF (run ->> 'has_swept')::boolean THEN
        swept := "ticket_ext".ticket_swept_entries(number, first_id, up_to);
        entry.ids := entry.ids || swept.ids;
        entry.retired := entry.retired || swept.retired;
        entry.made := entry.made || swept.made;
    END IF;
    bounds := "ticket_ext".ticket_bounds((context ->> 'is_uuid')::boolean, first_id, up_to);
    -- Digests are compared as bytes, and only those of what is due become integers. Functions of sets in a list of
    -- columns take their arrays apart without a tuplestore each.
    EXECUTE "ticket_ext".ticket_fill_keys($q$
SELECT array_agg(key::text ORDER BY id), array_agg(id ORDER BY id), array_agg(digest ORDER BY id),
    array_agg(reason ORDER BY id)
FROM (
    SELECT key, id, coalesce("ticket_ext".ticket_digest(hash), 0) AS digest, min(reason) AS reason
    FROM (SELECT number, key, id, hash,
                 CASE WHEN entry.id IS NULL THEN 1
                      WHEN int8send(entry.retired) = live THEN 2@unclear@
                 END AS reason
          FROM (SELECT number, key, id, hash, CASE WHEN lacks THEN NULL ELSE hash END AS live
                FROM (SELECT @number@ AS number, @key_value@ AS key, @id@ AS id, @lacks_token@ AS lacks,
                             "ticket_ext".ticket_token_hash(@token_bytes@) AS hash
                      FROM @target@
                      WHERE @key@ >= $1 AND @key@ <= $2@has_token@) AS ticket) AS ticket
          LEFT JOIN (SELECT unnest($3) AS id, unnest($4) AS retired@made@) AS entry USING (id)) AS ticket
    WHERE reason IS NOT NULL
    GROUP BY number, key, id, hash
    ORDER BY id
    FETCH FIRST $6 ROWS WITH TIES) AS due
$q$, "ticket_ext".ticket_fetched(context) || jsonb_build_object(
        'number', CASE WHEN repeats THEN 'row_number() OVER ()' ELSE '0' END,
        'made', CASE WHEN repeats THEN ', unnest($5) AS made' ELSE '' END,
        'unclear', CASE WHEN repeats THEN $made$
                      WHEN entry.made IS NOT NULL AND int8send(entry.made) IS DISTINCT FROM live
                           AND ((id, live) IN (SELECT unnest($3), int8send(unnest($5)))) IS NOT TRUE THEN 3$made$
                        ELSE '' END)) INTO keys, ids, digests, reasons
    USING bounds[1], bounds[2], entry.ids, entry.retired, entry.made, most;
    IF cardinality(ids) >= most THEN
        up_to := ids[cardinality(ids)];
    END IF;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    FOR unclear IN SELECT DISTINCT id FROM unnest(ids, reasons) AS due (id, reason) WHERE reason = 3 ORDER BY id LOOP
        unknown := "ticket_ext".ticket_unknown(context, unclear, entry.ids, entry.retired, entry.made);
        IF unknown.keys IS NOT NULL THEN
            keys := keys || unknown.keys;
            digests := digests || unknown.digests;
            ids := ids || array_fill(unclear, ARRAY[cardinality(unknown.keys)]);
            reasons := reasons || array_fill(1, ARRAY[cardinality(unknown.keys)]);
            left_over := left_over || jsonb_build_object(unclear::text, unknown.left_over);
        END IF;
    END LOOP;
    SELECT array_agg(key ORDER BY id, place), array_agg(id ORDER BY id, place), array_agg(digest ORDER BY id, place),
           array_agg(reason ORDER BY id, place)
    INTO keys, ids, digests, reasons
    FROM unnest(keys, ids, digests, reasons) WITH ORDINALITY AS due (key, id, digest, reason, place)
    WHERE reason < 3;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_step(jsonb, jsonb, bigint, bigint) IS 'Which of the next tickets of an interval are due';

-- Those of the tickets without an entry that are not known to have been there when the sweep began. One that has gone
-- since it was found, or has another token, is not known either (late.rs).
CREATE FUNCTION "ticket_ext".ticket_late(context jsonb, run jsonb, keys text[], digests bigint[])
RETURNS TABLE (key text, digest bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    here boolean;
BEGIN
    IF NOT (run ->> 'has_been_swept')::boolean THEN
        RETURN;
    END IF;
    EXECUTE $q$
-- Whether the transaction ids that run $1 knows are of this cluster
SELECT coalesce(run.system_identifier = here.system_identifier, run.ledger_identity = here.ledger_identity)
FROM "ticket_ext".ticket_rotation AS run, "ticket_ext".ticket_cluster() AS here
WHERE run_id = $1
$q$ INTO here USING (run ->> 'run_id')::bigint;
    -- Each node of Citus has transaction ids of its own.
    IF run ->> 'sweep_horizon' IS NULL OR NOT here OR (context ->> 'citus')::boolean THEN
        RETURN QUERY SELECT * FROM unnest(keys, digests);
    ELSE
        RETURN QUERY EXECUTE "ticket_ext".ticket_fill_keys(format($early$
            SELECT key, digest
            FROM (SELECT key, digest, row_number() OVER (PARTITION BY key, digest) AS number
                  FROM unnest($5, $6) AS ticket (key, digest)) AS ticket
            LEFT JOIN (SELECT key::text AS key, digest, count(*) AS times
                       FROM (%s) AS early (key, digest)
                       GROUP BY 1, 2) AS early USING (key, digest)
            WHERE number > coalesce(times, 0)
            $early$, $q$
-- Of the tickets with these keys ($1) and digests ($2), those that a transaction below the horizon ($3) is known to
-- have written. A row has the lower 32 bits of a transaction id; counted back from one that is still to come (1000000
-- are more than are in progress), it can only be taken for younger than it is. A role that may not read it ($4: the
-- target) knows of none.
SELECT @key_value@, coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0)
FROM @target@
WHERE @key@ = ANY ($1) AND coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0) = ANY ($2)
  AND has_column_privilege($4, 'xmin', 'SELECT')
  AND (SELECT next - ((next - xmin::text::bigint) & 4294967295)
       FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000) AS clock (next)) < $3
$q$), context, true)
        USING keys::text, digests::text, (run ->> 'sweep_horizon')::bigint, (context ->> 'oid')::oid, keys, digests;
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_late(jsonb, jsonb, text[], bigint[]) IS 'Tickets that came after the sweep had begun';

-- Transactions below the horizon that write to the target, in words.
CREATE FUNCTION "ticket_ext".ticket_older_writers(relation oid, horizon bigint) RETURNS jsonb
LANGUAGE sql
AS $body$
    SELECT "ticket_ext".ticket_holders($q$
-- Transactions below the horizon ($2) that write to the target ($1). Of a transaction id, locks have the lower 32 bits:
-- it is counted back from the horizon, or from the last one that has ended if that is later; what is younger counts
-- from the other end.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), clock AS (
    SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint, $2) AS next
)
SELECT held.pid, held.virtualtransaction
FROM clock
CROSS JOIN tree
JOIN pg_locks AS held ON held.relation = tree.oid
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND held.pid IS DISTINCT FROM pg_backend_pid()
JOIN pg_locks AS writer ON writer.virtualtransaction = held.virtualtransaction
    AND writer.locktype = 'transactionid'
    AND writer.mode = 'ExclusiveLock'
    AND (next - writer.transactionid::text::bigint) & 4294967295 BETWEEN greatest(next - $2 + 1, 1) AND 2147483647
WHERE held.granted AND writer.granted
$q$, relation, horizon)
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_older_writers(oid, bigint) IS 'Transactions older than a run that write to its target';

-- What they have in flight no batch can see. Whoever calls again waits again.
CREATE FUNCTION "ticket_ext".ticket_wait_for_older(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    ends_at timestamptz := clock_timestamp() + interval '10 s';
    was_said boolean := false;
    here boolean;
    writers jsonb;
BEGIN
    EXECUTE $q$
-- Whether the transaction ids that run $1 knows are of this cluster
SELECT coalesce(run.system_identifier = here.system_identifier, run.ledger_identity = here.ledger_identity)
FROM "ticket_ext".ticket_rotation AS run, "ticket_ext".ticket_cluster() AS here
WHERE run_id = $1
$q$ INTO here USING (run ->> 'run_id')::bigint;
    IF here AND (context ->> 'citus')::boolean THEN
        PERFORM "ticket_ext".ticket_citus_wait_for_older(context, run);
    END IF;
    WHILE here LOOP
        writers := "ticket_ext".ticket_older_writers((context ->> 'oid')::oid, (run ->> 'horizon')::bigint);
        EXIT WHEN writers ->> '' = '';
        IF clock_timestamp() > ends_at THEN
            PERFORM "ticket_ext".ticket_refuse_run('OlderWriters', context || writers, run);
        ELSIF NOT was_said THEN
            RAISE NOTICE 'run % waits for transactions older than it: %', run ->> 'run_id', writers ->> ''
                USING DATATYPE = 'ticket_ext';
            was_said := true;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_wait_for_older(jsonb, jsonb) IS 'Waits for transactions older than a run';

-- At most a batch of what is due, as far as it still is: all that have the last one's id. The next call looks from
-- there on.
CREATE FUNCTION "ticket_ext".ticket_sweep_batch(
    context jsonb, run jsonb, claimed jsonb, swept_to bigint, keys text[], ids bigint[], digests bigint[], batch bigint
) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    last_due bigint := ids[batch];
    share bigint := cardinality(ids);
    entries record;
BEGIN
    IF last_due IS NOT NULL AND last_due < ids[cardinality(ids)] THEN
        share := (SELECT count(*) FROM unnest(ids) AS id WHERE id <= last_due);
        swept_to := ids[share + 1] - 1;
    END IF;
    entries := "ticket_ext".ticket_rotate_those(context, run, $q$
@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND coalesce("ticket_ext".ticket_token_digest(@token_bytes@), 0::pg_catalog.int8) OPERATOR(pg_catalog.=) ANY ($2)
$q$, keys[:share]::text, digests[:share]::text, share, true);
    PERFORM "ticket_ext".ticket_record(
        context, (run ->> 'run_id')::bigint, (run ->> 'sweep')::integer, (claimed ->> 'first_id')::bigint, swept_to,
            claimed,
        entries.ids, entries.digests, entries.made);
    RETURN swept_to;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_sweep_batch(jsonb, jsonb, jsonb, bigint, text[], bigint[], bigint[], bigint) IS 'Rotates tickets that are due in a sweep';

-- Returns the id up to which it has swept; NULL when no range is left.
CREATE FUNCTION "ticket_ext".ticket_sweep(context jsonb, run jsonb, batch bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    -- Tickets that a call looks at before it returns, for what it found out to be committed.
    looked_at bigint := 0;
    enough bigint := 250000;
    number bigint := run ->> 'run_id';
    sweep integer := run ->> 'sweep';
    claimed jsonb;
    next_id bigint;
    last_id bigint;
    step record;
    due record;
BEGIN
    PERFORM "ticket_ext".ticket_wait_for_older(context, run);
    IF run ->> 'sweep_horizon' IS NULL THEN
        IF "ticket_ext".ticket_change(
               'run ' || number, 'begin_sweep', jsonb_build_object('run', number)) ->> 'run_id' IS NULL THEN
            -- Another session has begun it. The run's row, which was waited for, stays locked: whoever ends the run
            -- may hold a range that this call is to wait for.
            RETURN run ->> 'upper_id';
        END IF;
        -- Until this is committed, whoever else is to sweep waits for the run's row.
        enough := 10000;
    END IF;
    claimed := "ticket_ext".ticket_claim_range(context, number, sweep, -9223372036854775808, true);
    WHILE claimed IS NOT NULL LOOP
        next_id := claimed ->> 'first_id';
        last_id := claimed ->> 'last_id';
        LOOP
            step := "ticket_ext".ticket_step(context, run, next_id, last_id);
            looked_at := looked_at + step.entries;
            -- The tickets that came since nobody has seen: a second token would break what was mailed.
            SELECT array_agg(key ORDER BY place) AS keys, array_agg(id ORDER BY place) AS ids,
                   array_agg(digest ORDER BY place) AS digests
            INTO due
            FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY AS due (key, id, digest,
                reason, place)
            WHERE reason = 2 OR (key, digest) NOT IN (
                SELECT * FROM "ticket_ext".ticket_late(context, run, step.keys, step.digests));
            IF due.ids IS NOT NULL THEN
                RETURN "ticket_ext".ticket_sweep_batch(context, run, claimed, step.up_to, due.keys, due.ids,
                    due.digests, batch);
            ELSIF looked_at >= enough AND step.up_to < last_id THEN
                PERFORM "ticket_ext".ticket_record(context, number, sweep, (claimed ->> 'first_id')::bigint,
                    step.up_to, claimed,
                                                  NULL, NULL, NULL);
                RETURN step.up_to;
            END IF;
            EXIT WHEN step.up_to >= last_id;
            next_id := step.up_to + 1;
        END LOOP;
        PERFORM "ticket_ext".ticket_finish_range(number, (claimed ->> 'range')::bigint, sweep);
        IF looked_at >= enough THEN
            RETURN last_id;
        END IF;
        claimed := "ticket_ext".ticket_claim_range(context, number, sweep, -9223372036854775808, false);
        IF claimed IS NULL AND "ticket_ext".ticket_ranges_left(number, sweep, -9223372036854775808) THEN
            RETURN last_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_sweep(jsonb, jsonb, bigint) IS 'Sweeps the next tickets';

-- Another session may have finished the run. One that was cancelled or paused meanwhile is not called finished.
-- Batches may be committed asynchronously; this commit flushes the log, and with it every batch before.
CREATE FUNCTION "ticket_ext".ticket_finish(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    number bigint := run ->> 'run_id';
    finished jsonb := "ticket_ext".ticket_change('run ' || number, 'finish', jsonb_build_object('run', number));
BEGIN
    -- In a statement of its own, to see what was waited for.
    IF finished ->> 'run_id' IS NULL
       AND (SELECT state FROM "ticket_ext".ticket_rotation WHERE run_id = number) <> 'finished' THEN
        PERFORM "ticket_ext".ticket_refuse_state(context, number);
    END IF;
    EXECUTE $q$
SELECT pg_catalog.set_config('synchronous_commit', 'on', true)
WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'
$q$;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_finish(jsonb, jsonb) IS 'Finishes a run';

-- Opens the newest run, which has finished, for another sweep. One that was cancelled while it was swept goes on with
-- that.
CREATE FUNCTION "ticket_ext".ticket_reopen(target regclass, token_column name, path text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := "ticket_ext".ticket_context('rotate', target, token_column, path);
    run jsonb := "ticket_ext".ticket_require_run(context, true);
    changed jsonb;
BEGIN
    IF run ->> 'state' IN ('active', 'paused') THEN
        PERFORM "ticket_ext".ticket_refuse_run('Unfinished', context, run);
    END IF;
    changed := "ticket_ext".ticket_change('run ' || (run ->> 'run_id'), 'reopen', jsonb_build_object('run',
        run -> 'run_id'));
    IF (changed ->> 'forgotten')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse_run('Forgotten', context, run);
    ELSIF (changed ->> 'reopened')::boolean IS NOT TRUE THEN
        PERFORM "ticket_ext".ticket_refuse_run('WrongState', context, run);
    END IF;
    RETURN run ->> 'run_id';
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_reopen(regclass, name, text) IS 'Opens a finished run for another sweep';
-- What new tokens look like, and how they are made (format/*.rs).

-- Of those that hold the characters of a token, the first one is what it looks like.
CREATE FUNCTION "ticket_ext".ticket_alphabets(OUT place integer, OUT name text, OUT characters text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE
AS $$
    VALUES (1, 'digits', '0123456789'),
           (2, 'hex', '0123456789abcdef'),
           (3, 'HEX', '0123456789ABCDEF'),
           (4, 'base32', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'),
           (5, 'base36', '0123456789abcdefghijklmnopqrstuvwxyz'),
           (6, 'base58', '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
           (7, 'base62', '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
           (8, 'base64url', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
           (9, 'base64', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_alphabets() IS 'The characters that a field of a format draws from';

-- A field of a template, or what is wrong with it.
CREATE FUNCTION "ticket_ext".ticket_field(field text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN name = 'uuid' AND length IS NULL THEN '{"uuid": true}'::jsonb
        WHEN name = 'uuid' THEN jsonb_build_object('fault', format('field {%s} has no length', field))
        WHEN name <> 'bytes' AND characters IS NULL THEN jsonb_build_object('fault', format('there is no field {%s}',
            field))
        WHEN length IS NULL THEN jsonb_build_object('fault', format('field {%s} lacks its length', field))
        WHEN length !~ '^[0-9]{1,4}$' OR length::integer NOT BETWEEN 1 AND 1000
        THEN jsonb_build_object('fault', format('the length of {%s} is not between 1 and 1000', field))
        ELSE jsonb_build_object('alphabet', name, 'characters', characters, 'count', length::integer)
    END
    FROM (SELECT split_part(field, ':', 1) AS name,
                 CASE WHEN strpos(field, ':') > 0 THEN substr(field, strpos(field, ':') + 1) END AS length) AS part
    LEFT JOIN "ticket_ext".ticket_alphabets() AS alphabet USING (name)
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_field(text) IS 'A field of a format';

-- A format in parts, or what is wrong with it.
CREATE FUNCTION "ticket_ext".ticket_format(format text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    rest text := format;
    literal text;
    field jsonb;
    fields jsonb := '[]';
BEGIN
    IF starts_with(format, 'function:') THEN
        RETURN CASE WHEN rest = 'function:' THEN '{"fault": "it names no function"}'
                    ELSE jsonb_build_object('function', substr(format, 10)) END;
    ELSIF format = 'uuid' THEN
        RETURN '{"uuid": true}';
    ELSIF format = '' THEN
        RETURN '{"fault": "it is empty"}';
    END IF;
    WHILE rest <> '' LOOP
        literal := split_part(rest, '{', 1);
        IF strpos(literal, '}') > 0 THEN
            RETURN '{"fault": "a } has no {"}';
        ELSIF literal <> '' THEN
            fields := fields || jsonb_build_object('literal', literal);
        END IF;
        EXIT WHEN literal = rest;
        rest := substr(rest, length(literal) + 2);
        IF strpos(rest, '}') = 0 THEN
            RETURN '{"fault": "a { has no }"}';
        END IF;
        field := "ticket_ext".ticket_field(split_part(rest, '}', 1));
        IF field ? 'fault' THEN
            RETURN field;
        END IF;
        fields := fields || field;
        rest := substr(rest, strpos(rest, '}') + 1);
    END LOOP;
    IF fields = '[{"uuid": true}]' THEN
        RETURN '{"uuid": true, "independent": true}';
    ELSIF NOT fields @> '[{"uuid": true}]' AND NOT jsonb_path_exists(fields, '$[*].count') THEN
        RETURN '{"fault": "it has no random field"}';
    ELSIF fields @> '[{"alphabet": "bytes"}]' THEN
        RETURN CASE WHEN jsonb_array_length(fields) > 1 THEN '{"fault": "bytes stand alone"}'
                    ELSE jsonb_build_object('bytes', fields -> 0 -> 'count') END;
    END IF;
    RETURN jsonb_build_object('fields', fields);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_format(text) IS 'A format in parts';

-- Random bits of a token; NULL where only a function knows. Where case does not count there are fewer.
CREATE FUNCTION "ticket_ext".ticket_bits(format text, folds_case boolean) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN parts ? 'uuid' THEN 122
                WHEN parts ? 'bytes' THEN 8 * (parts ->> 'bytes')::integer
                WHEN parts ? 'fields' THEN (
                    SELECT sum(CASE WHEN field ? 'uuid' THEN 122
                                    WHEN field ? 'count' THEN (field ->> 'count')::integer * (
                                        SELECT ln(count(DISTINCT CASE WHEN folds_case THEN lower(one)
                                            ELSE one END COLLATE "C"))
                                               / ln(2::float8)
                                        FROM unnest(string_to_array(field ->> 'characters', NULL)) AS one)
                                    ELSE 0 END)
                    FROM jsonb_array_elements(parts -> 'fields') AS field)
           END
    FROM "ticket_ext".ticket_format(format) AS parts
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_bits(text, boolean) IS 'How many random bits tokens of a format have';

-- Of a version 4 UUID, 14 bytes are random as a whole.
CREATE FUNCTION "ticket_ext".ticket_random_bytes(count integer) RETURNS bytea
LANGUAGE sql VOLATILE
AS $$
    SELECT substr(string_agg(substr(bytes, 1, 6) || substr(bytes, 8, 1) || substr(bytes, 10), ''), 1, count)
    FROM (SELECT uuid_send(gen_random_uuid()) AS bytes FROM generate_series(1, (count + 13) / 14)) AS uuid
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_random_bytes(integer) IS 'Random bytes from the operating system''s generator';

-- Each character is as likely as any other: a byte that would favour some is drawn again (rejection sampling).
CREATE FUNCTION "ticket_ext".ticket_draw(characters text, count integer) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    size constant integer := length(characters);
    fair constant integer := 256 - 256 % size;
    drawn text := '';
    bytes bytea;
BEGIN
    WHILE length(drawn) < count LOOP
        bytes := "ticket_ext".ticket_random_bytes(count - length(drawn) + 8);
        drawn := drawn || (SELECT string_agg(substr(characters, byte % size + 1, 1), '')
                           FROM (SELECT get_byte(bytes, place) AS byte
                                 FROM generate_series(0, length(bytes) - 1) AS place) AS random
                           WHERE byte < fair);
    END LOOP;
    RETURN left(drawn, count);
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_draw(text, integer) IS 'Random characters of an alphabet';

-- Within the UPDATE of a batch, by the caller's search_path.
CREATE FUNCTION "ticket_ext".ticket_new_text(fields jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    field jsonb;
    token text := '';
BEGIN
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        token := token || CASE
            WHEN field ? 'literal' THEN field ->> 'literal'
            WHEN field ? 'uuid' THEN gen_random_uuid()::text
            WHEN field ->> 'alphabet' IN ('hex', 'HEX')
            THEN translate(left(encode("ticket_ext".ticket_random_bytes((field ->> 'count')::integer / 2 + 1), 'hex'),
                                (field ->> 'count')::integer), '0123456789abcdef', field ->> 'characters')
            ELSE "ticket_ext".ticket_draw(field ->> 'characters', (field ->> 'count')::integer)
        END;
    END LOOP;
    RETURN token;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_new_text(jsonb) IS 'A new token of a template';

CREATE FUNCTION "ticket_ext".ticket_new_bytes(count integer) RETURNS bytea
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT "ticket_ext".ticket_random_bytes(count) $$;
COMMENT ON FUNCTION "ticket_ext".ticket_new_bytes(integer) IS 'A new token of random bytes';

-- A token that a function of the user's has made.
CREATE FUNCTION "ticket_ext".ticket_made(retired anyelement, made anyelement) RETURNS anyelement
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF made IS NULL OR pg_catalog.length(made::pg_catalog.text) OPERATOR(pg_catalog.=) 0 THEN
        PERFORM "ticket_ext".ticket_refuse('NoNewToken', '{"fault": "no token"}');
    ELSIF made::pg_catalog.text OPERATOR(pg_catalog.=) retired::pg_catalog.text COLLATE pg_catalog."C" THEN
        PERFORM "ticket_ext".ticket_refuse('NoNewToken', '{"fault": "the old token again"}');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_made(anyelement, anyelement) IS 'A new token, unless it is none';

-- A call of a function, which has been resolved, with the old token.
CREATE FUNCTION "ticket_ext".ticket_function_call(function text, token text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN function LIKE '%)'
                THEN format('%s(%s::%s)', left(function, length(function) - strpos(reverse(function), '(')), token,
                            left(right(function, strpos(reverse(function), '(') - 1), -1))
                ELSE function || '()' END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_function_call(text, text) IS 'A call of the function that makes tokens';

-- How many digits the new UUIDs of a batch have in common, their first ones (lead.rs).
CREATE FUNCTION "ticket_ext".ticket_lead_digits(tickets bigint) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT least(4, length(to_hex(greatest(tickets / 2048, 1))) - 1) $$;
COMMENT ON FUNCTION "ticket_ext".ticket_lead_digits(bigint) IS 'How many digits the new UUIDs of a batch have in common';

-- Those digits are drawn by a subquery, once in a statement (for each partition before PostgreSQL 14): its text, which
-- may be logged, has no part of a token.
CREATE FUNCTION "ticket_ext".ticket_new_uuid(digits integer) RETURNS text
LANGUAGE sql IMMUTABLE
AS $body$
    SELECT CASE digits WHEN 0 THEN 'pg_catalog.gen_random_uuid()' ELSE format(
        $q$((SELECT pg_catalog.left(pg_catalog.gen_random_uuid()::pg_catalog.text, %1$s)) OPERATOR(pg_catalog.||)
            pg_catalog.right(pg_catalog.gen_random_uuid()::pg_catalog.text, -%1$s))::pg_catalog.uuid$q$, digits) END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_new_uuid(integer) IS 'The expression for a new UUID';

-- The expression for a new token in the statement of a batch.
CREATE FUNCTION "ticket_ext".ticket_new_token(context jsonb, run jsonb) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    parts jsonb := "ticket_ext".ticket_format(run ->> 'token_format');
    kind text := context ->> 'kind';
    fresh text;
BEGIN
    IF parts ? 'function' THEN
        RETURN format('"ticket_ext".ticket_made(%s, %s::%s)', context ->> 'token_bytes',
            "ticket_ext".ticket_function_call(
            parts ->> 'function', context ->> 'token_bytes'), context ->> 'bytes_type');
    ELSIF parts ? 'uuid' THEN
        fresh := "ticket_ext".ticket_new_uuid(CASE WHEN parts ? 'independent' THEN 0
            ELSE "ticket_ext".ticket_lead_digits((run ->> 'tickets_planned')::bigint) END);
        RETURN format(CASE kind WHEN 'uuid' THEN '%s' WHEN 'text' THEN '%s::pg_catalog.text'
                                ELSE 'pg_catalog.uuid_send(%s)' END, fresh);
    ELSIF parts ? 'bytes' THEN
        RETURN format('"ticket_ext".ticket_new_bytes(%s)', parts ->> 'bytes');
    END IF;
    fresh := format('"ticket_ext".ticket_new_text(%L::pg_catalog.jsonb)', parts -> 'fields');
    IF kind = 'bytea' THEN
        RETURN format('pg_catalog.convert_to(%s, pg_catalog.getdatabaseencoding())', fresh);
    ELSIF "ticket_ext".ticket_crowd(context, run) IS NOT NULL THEN
        RETURN format('coalesce(($5)[pg_catalog.row_number() OVER ()], %s)', fresh);
    END IF;
    RETURN fresh;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_new_token(jsonb, jsonb) IS 'The expression for a new token';

-- Short codes, where a new one may be taken: a batch in a million may meet with one, and is repeated then (crowd.rs).
CREATE FUNCTION "ticket_ext".ticket_crowd(context jsonb, run jsonb) RETURNS jsonb
LANGUAGE sql
AS $$
    SELECT jsonb_build_object('codes:.0', round(codes::numeric), ':.2', round((100.0 * tickets / codes)::numeric, 2),
                              'format', run ->> 'token_format')
    FROM (SELECT 2 ^ "ticket_ext".ticket_bits(run ->> 'token_format', (context ->> 'folds_case')::boolean) AS codes,
                 (run ->> 'tickets_planned')::float8 AS tickets) AS crowd
    WHERE (context ->> 'is_unique')::boolean AND tickets ^ 2 / codes > 1e-6
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_crowd(jsonb, jsonb) IS 'How crowded the tokens of a format are, where that matters';

-- Of about so many new tokens those that no ticket has. Two sessions may draw the same one, and one of them repeats
-- its batch.
CREATE FUNCTION "ticket_ext".ticket_free_tokens(context jsonb, run jsonb, wanted bigint) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    drawn text[];
    free text[];
BEGIN
    IF context ->> 'kind' <> 'text' OR "ticket_ext".ticket_crowd(context, run) IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT array_agg(DISTINCT "ticket_ext".ticket_new_text(parts -> 'fields')) INTO drawn
    FROM generate_series(1, wanted + wanted / 8 + 16), "ticket_ext".ticket_format(run ->> 'token_format') AS parts;
    EXECUTE replace("ticket_ext".ticket_fill(format('SELECT array_agg(token) FROM (%s) AS free', $q$
-- Those of the tokens ($1) that no ticket has
SELECT fresh.token
FROM unnest($1) AS fresh (token)
WHERE NOT EXISTS (SELECT FROM @target@ AS ticket WHERE ticket.@token@ @equals@ fresh.token::@base@)
$q$), context), '$1', '$1::text[]') INTO free USING drawn;
    RETURN coalesce(free, '{}');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_free_tokens(jsonb, jsonb, bigint) IS 'New tokens that no ticket has, where they are short';
-- The choice of a format for a run: as it was asked for, or as a sample of the tokens has it (choose.rs, looks_like.rs,
-- trial.rs).

-- How many characters all tokens begin with, up to the last separator in them. Fewer than 3 may begin alike by chance,
-- and no part of a token may end up in an error.
CREATE FUNCTION "ticket_ext".ticket_prefix(tokens text[]) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN cardinality(tokens) < 3 OR common >= length(tokens[1]) THEN 0
                ELSE coalesce(length(substring(left(tokens[1], common) FROM '^.*[^A-Za-z0-9]')), 0) END
    FROM (SELECT coalesce(max(size), 0) AS common
          FROM generate_series(1, least(length(tokens[1]), 20)) AS size
          WHERE NOT EXISTS (SELECT FROM unnest(tokens) AS token
                            WHERE left(token, size) <> left(tokens[1], size))) AS prefix
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_prefix(text[]) IS 'How many characters all tokens begin with';

-- Runs of random characters between separators that stand at the same place in all tokens; NULL where no alphabet has
-- them.
CREATE FUNCTION "ticket_ext".ticket_random_fields(rests text[]) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    WITH size AS (
        SELECT max(length(rest)) AS longest, min(length(rest)) = max(length(rest)) AS is_same FROM unnest(rests) AS rest
    ), place AS (
        SELECT place, substr(rests[1], place, 1) AS first, is_same AND substr(rests[1], place, 1) !~ '[A-Za-z0-9]'
               AND NOT EXISTS (SELECT FROM unnest(rests) AS rest
                               WHERE substr(rest, place, 1) <> substr(rests[1], place, 1))
               AS separates
        FROM size, generate_series(1, longest) AS place
    ), part AS (
        SELECT min(place) AS start, count(*) AS size, separates, min(first) AS first
        FROM (SELECT *, CASE WHEN separates THEN place ELSE -sum(separates::integer) OVER (ORDER BY place) END AS run
              FROM place) AS place
        GROUP BY separates, run
    ), field AS (
        SELECT start, CASE WHEN separates THEN first ELSE (
            SELECT format('{%s:%s}', name, size) FROM "ticket_ext".ticket_alphabets()
            WHERE NOT EXISTS (SELECT FROM unnest(rests) AS rest
                              WHERE translate(substr(rest, start::integer, size::integer), characters, '') <> '')
            ORDER BY place
            LIMIT 1) END AS field
        FROM part
    )
    SELECT CASE WHEN count(*) = count(field) THEN string_agg(field, '' ORDER BY start) END FROM field
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_random_fields(text[]) IS 'The fields that tokens look like';

CREATE FUNCTION "ticket_ext".ticket_looks_like(tokens text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    prefix integer := "ticket_ext".ticket_prefix(tokens);
    looks text;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(tokens) AS token WHERE NOT "ticket_ext".ticket_is_uuid(token)) THEN
        RETURN 'uuid';
    ELSIF EXISTS (SELECT FROM unnest(tokens) AS token WHERE octet_length(token) <> length(token)
        OR token ~ '[^\x01-\x7f]')
          OR tokens[1] = '' THEN
        RETURN NULL;
    END IF;
    looks := left(tokens[1], prefix) || "ticket_ext".ticket_random_fields(
        ARRAY(SELECT substr(token, prefix + 1) FROM unnest(tokens) AS token));
    RETURN CASE WHEN "ticket_ext".ticket_format(looks) ? 'fields' THEN looks END;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_looks_like(text[]) IS 'The format that tokens look like';

-- As the server writes them.
CREATE FUNCTION "ticket_ext".ticket_is_uuid(token text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' $$;
COMMENT ON FUNCTION "ticket_ext".ticket_is_uuid(text) IS 'Whether a text is a UUID';

-- Tokens that are live, of all parts of the table as far as it is large, and what they look like.
CREATE FUNCTION "ticket_ext".ticket_sample(context jsonb, tickets bigint, OUT sampled bigint, OUT uuids bigint,
    OUT looks text)
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := context ->> 'kind';
    longest integer;
    shortest integer;
    tokens text[];
BEGIN
    sampled := 0;
    uuids := 0;
    looks := 'uuid';
    IF kind = 'uuid' THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*), max(length(token)), min(length(token)), %s
                    FROM (SELECT DISTINCT token%s FROM (%s) AS token (token)) AS token',
        CASE kind WHEN 'text' THEN 'array_agg(token ORDER BY token)' ELSE 'NULL::text[]' END,
        CASE kind WHEN 'text' THEN ' COLLATE "C" AS token' ELSE '' END,
        "ticket_ext".ticket_fill($q$
-- Tokens from all parts of the table, by a sample of $1 percent of its pages, and the first ones: at most $2 of each
(SELECT @bytes@ FROM @target@ TABLESAMPLE SYSTEM ($1) WHERE NOT (@lacks_token@) LIMIT $2)
UNION ALL
(SELECT @bytes@ FROM @target@ WHERE NOT (@lacks_token@) LIMIT $2)
$q$, context || jsonb_build_object('bytes', context -> 'token_bytes')))
    INTO sampled, longest, shortest, tokens
    USING least(100, 3 * 100.0 * 1000 / greatest(tickets, 1))::float4, 1000::bigint;
    IF sampled = 0 THEN
        looks := NULL;
    ELSIF kind = 'bytea' THEN
        looks := CASE WHEN shortest = 16 AND longest = 16 THEN 'uuid'
                      WHEN longest > 0 THEN format('{bytes:%s}', longest) END;
    ELSE
        uuids := (SELECT count(*) FROM unnest(tokens) AS token WHERE "ticket_ext".ticket_is_uuid(token));
        looks := "ticket_ext".ticket_looks_like(tokens);
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_sample(jsonb, bigint) IS 'What live tokens look like';

-- A call that starts a run of this target as this one would, with another format.
CREATE FUNCTION "ticket_ext".ticket_start_call(context jsonb, argument text) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT "ticket_ext".ticket_call(context, 'start_ticket_rotation', concat(
        ', key_column => ' || ('''' || replace(context ->> 'named_key', '''', '''''') || ''''),
        CASE WHEN (context ->> 'fill_null')::boolean THEN ', fill_null => true' END, ', ' || argument))
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_start_call(jsonb, text) IS 'A start with another argument, to be pasted';

CREATE FUNCTION "ticket_ext".ticket_start_with(context jsonb, format text, is_weak boolean) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT "ticket_ext".ticket_start_call(context, format('format => ''%s''', replace(format, '''', ''''''))
                                                  || CASE WHEN is_weak THEN ', force => true' ELSE '' END)
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_start_with(jsonb, text, boolean) IS 'A start with a format, to be pasted';

-- A function by the caller's search_path: qualified, with the type of its argument.
CREATE FUNCTION "ticket_ext".ticket_resolve_function(context jsonb, wanted text, OUT function text, OUT fault text)
LANGUAGE plpgsql
AS $$
DECLARE
    signatures text[] := CASE WHEN wanted LIKE '%(%)' THEN ARRAY[wanted] ELSE ARRAY[
        wanted || '()', format('%s(%s)', wanted, context ->> 'bytes_type'),
        format('%s(%s)', wanted, context ->> 'base'),
        wanted || '(pg_catalog.varchar)'] END;
    procedure oid;
    described record;
BEGIN
    PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
    SELECT pg_catalog.min(pg_catalog.to_regprocedure(signature)::pg_catalog.oid::pg_catalog.text::pg_catalog.int8)
        INTO procedure
    FROM pg_catalog.unnest(signatures) WITH ORDINALITY AS signature (signature, place)
    WHERE pg_catalog.to_regprocedure(signature) IS NOT NULL
    GROUP BY place
    ORDER BY place
    LIMIT 1;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF procedure IS NULL THEN
        fault := 'there is no such function without arguments, or with the old token as its only one';
        RETURN;
    END IF;
    EXECUTE $q$
-- Function $1, and why it cannot make tokens of type $2
SELECT format('%I.%I', nspname, proname) AS name,
       coalesce(format_type(proargtypes[0], NULL), '') AS argument,
       CASE WHEN proretset OR prokind <> 'f' THEN 'it is no function that returns one value'
            WHEN provolatile <> 'v' THEN 'the function is not VOLATILE, so that it may return the same token twice'
            WHEN $2 = 'pg_catalog.text' AND (base.typcategory = 'S' OR base.oid = 'uuid'::regtype) THEN NULL
            WHEN $2::regtype <> base.oid THEN 'the function returns ' || format_type(prorettype, NULL)
       END AS fault
FROM pg_proc
JOIN pg_namespace ON pg_namespace.oid = pronamespace
JOIN pg_type AS returned ON returned.oid = prorettype
JOIN pg_type AS base ON base.oid = coalesce(nullif(returned.typbasetype, 0), returned.oid)
WHERE pg_proc.oid = $1
$q$ INTO described USING procedure, context ->> 'bytes_type';
    fault := described.fault;
    function := described.name || CASE described.argument WHEN '' THEN '' ELSE format('(%s)', described.argument) END;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_resolve_function(jsonb, text) IS 'Looks up a function that makes tokens';

-- As it is to be kept in the run.
CREATE FUNCTION "ticket_ext".ticket_asked_for(context jsonb, wanted text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    parts jsonb := "ticket_ext".ticket_format(wanted);
    kind text := context ->> 'kind';
    fault text := parts ->> 'fault';
    resolved record;
BEGIN
    IF getdatabaseencoding() <> 'UTF8' AND wanted ~ '[^ -~]' AND NOT parts ? 'function' THEN
        fault := 'in this database it can have ASCII characters only';
    ELSIF parts ? 'function' AND (context ->> 'citus')::boolean THEN
        fault := 'a function would be called by other nodes, in a table that Citus keeps';
    ELSIF parts ? 'function' THEN
        resolved := "ticket_ext".ticket_resolve_function(context, parts ->> 'function');
        fault := resolved.fault;
        wanted := 'function:' || resolved.function;
    ELSIF parts ? 'fields' AND kind = 'uuid' THEN
        fault := 'the column is of type uuid';
    ELSIF parts ? 'bytes' AND kind <> 'bytea' THEN
        fault := 'the column is not of type bytea';
    END IF;
    IF fault IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('BadFormat', jsonb_build_object(
            'format', coalesce(wanted, 'function:' || (parts ->> 'function')), 'fault', fault,
            'call', "ticket_ext".ticket_start_call(context, 'format => ''sk_live_{base62:32}''')));
    END IF;
    RETURN wanted;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_asked_for(jsonb, text) IS 'A format that was asked for, as it is kept';

-- New tokens are tried on the column before a run starts: not its first batch should find out that they do not fit.
CREATE FUNCTION "ticket_ext".ticket_trial(context jsonb, format text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    -- A CHECK that some tokens pass by chance is mostly found with so many.
    most constant bigint := 50;
    parts jsonb := "ticket_ext".ticket_format(format);
    run jsonb := jsonb_build_object('token_format', format, 'tickets_planned', 0);
    declared text := context ->> 'token_type';
    called text;
    tokens text[];
    cut bigint;
    columns text;
    is_violated boolean;
    rule record;
BEGIN
    IF parts ? 'function' THEN
        called := "ticket_ext".ticket_function_call(parts ->> 'function', 'retired.token') || '::pg_catalog.text';
        PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
        EXECUTE "ticket_ext".ticket_fill(pg_catalog.format(
            'SELECT pg_catalog.array_agg(token) FROM (SELECT pg_catalog.unnest(ARRAY[%1$s, %1$s]) AS token
             FROM (SELECT @token_bytes@ AS token FROM @target@ WHERE true@has_token@ LIMIT $1) AS retired)
                 AS made', called), context)
        INTO tokens USING most;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        IF tokens IS NULL THEN
            RETURN NULL;
        ELSIF array_position(tokens, NULL) IS NOT NULL THEN
            RETURN 'the function returns NULL';
        ELSIF (SELECT count(DISTINCT token COLLATE "C") < count(*) FROM unnest(tokens) AS token) THEN
            RETURN 'the function returns the same token twice';
        END IF;
    ELSE
        EXECUTE pg_catalog.format('SELECT array_agg((%s)::text) FROM generate_series(1, $1)',
                                  "ticket_ext".ticket_new_token(context, run)) INTO tokens USING most;
    END IF;
    -- An explicit cast cuts off what is too long, and checks a domain.
    BEGIN
        EXECUTE pg_catalog.format('SELECT count(*) FROM unnest($1) AS fresh (token) WHERE '
            || CASE context ->> 'kind' WHEN 'text' THEN 'length(token::%1$s::text) < length(token)'
                ELSE 'token::%1$s IS NULL' END,
            declared) INTO cut USING tokens;
    EXCEPTION WHEN integrity_constraint_violation OR not_null_violation OR check_violation THEN
        RETURN sqlerrm;
    END;
    IF cut > 0 THEN
        RETURN pg_catalog.format('they have %s characters, more than its %s holds',
                                 (SELECT max(octet_length(token)) FROM unnest(tokens) AS token), declared);
    END IF;
    EXECUTE $q$
-- All columns of table $1 but the one with name $2, each followed by a comma
SELECT string_agg(format('ticket.%I, ', attname), '' ORDER BY attnum)
FROM pg_attribute
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> $2
$q$ INTO columns USING (context ->> 'oid')::oid, context ->> 'column';
    FOR rule IN EXECUTE pg_catalog.format('SELECT * FROM (%s) AS rule (name, condition)', $q$
-- CHECK constraints of table $1 and its partitions that look at the column with name $2, and at no system column
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT DISTINCT ON (condition) format('CHECK constraint %I of table %s', conname, conrelid::regclass), condition
FROM (SELECT conname, conrelid, pg_get_expr(conbin, conrelid) AS condition
      FROM tree
      JOIN pg_constraint ON conrelid = tree.oid AND contype = 'c'
      JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) AND attname = $2
      WHERE 0 < ALL (conkey)) AS checks
ORDER BY condition, conrelid
$q$) USING (context ->> 'oid')::oid, context ->> 'column' LOOP
        EXECUTE "ticket_ext".ticket_fill($q$
-- Whether a condition is false with one of the tokens ($1) in the place of those of the first tickets ($2)
SELECT EXISTS (
    SELECT FROM (
        SELECT @columns@fresh.token::@declared@ AS @token@
        FROM (SELECT * FROM @target@ WHERE true@has_token@ LIMIT $2) AS ticket
        CROSS JOIN unnest($1::text[]) AS fresh (token)) AS ticket
    WHERE NOT (@condition@)
)
$q$, context || jsonb_build_object('columns', coalesce(columns, ''), 'declared', declared, 'condition', rule.condition))
        INTO is_violated USING tokens, most;
        IF is_violated THEN
            RETURN 'they violate ' || rule.name;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_trial(jsonb, text) IS 'Why tokens of a format do not fit their column';

CREATE FUNCTION "ticket_ext".ticket_choose_format(context jsonb, tickets bigint, wanted text, force boolean) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    sample record := "ticket_ext".ticket_sample(context, tickets);
    folds_case boolean := context ->> 'folds_case';
    call text := CASE WHEN sample.looks IS NULL THEN 
        "ticket_ext".ticket_start_call(context, 'format => ''sk_live_{base62:32}''')
                      ELSE "ticket_ext".ticket_start_with(
                          context, sample.looks, 
                          coalesce("ticket_ext".ticket_bits(sample.looks, folds_case) < 64, false)) END;
    facts jsonb := context || jsonb_build_object('column', context -> 'token', 'sampled', sample.sampled,
                                                 'uuids', sample.uuids,
                                                 'looks', sample.looks, 'call', call, 'tickets', tickets);
    chosen text := 'uuid';
    bits double precision;
    fault text;
BEGIN
    IF wanted IS NOT NULL THEN
        chosen := "ticket_ext".ticket_asked_for(context, wanted);
    ELSIF sample.sampled > 0 AND sample.looks IS DISTINCT FROM 'uuid' THEN
        -- Of so few, with nothing in common, nobody can rely on a form.
        IF sample.looks IS NULL AND sample.sampled < 10 THEN
            RAISE WARNING 'the few tokens of table % have no form that could be kept: new ones are UUIDs',
                context ->> 'table'
                USING DATATYPE = 'ticket_ext';
        ELSE
            PERFORM "ticket_ext".ticket_refuse(CASE WHEN sample.looks IS NULL THEN 'NoCommonFormat'
                ELSE 'OtherFormat' END, facts);
        END IF;
    END IF;
    bits := "ticket_ext".ticket_bits(chosen, folds_case);
    facts := facts || jsonb_build_object('format', chosen, ':.0', round((2 ^ bits)::numeric), 
                                         'bits:.0', round(bits::numeric));
    IF (context ->> 'is_unique')::boolean AND 2 ^ bits < 2.0 * tickets THEN
        PERFORM "ticket_ext".ticket_refuse('FullFormat', facts);
    ELSIF bits < 64 AND NOT force THEN
        PERFORM "ticket_ext".ticket_refuse('WeakFormat', facts || jsonb_build_object(
            'call', "ticket_ext".ticket_start_with(context, chosen, true)));
    END IF;
    fault := "ticket_ext".ticket_trial(context, chosen);
    IF fault IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_refuse('UnfitFormat', facts || jsonb_build_object('fault', fault));
    ELSIF bits IS NULL THEN
        RAISE NOTICE 'new tokens are made by %, which alone knows how random they are',
            chosen
            USING DATATYPE = 'ticket_ext';
    ELSIF chosen <> 'uuid' THEN
        RAISE NOTICE 'new tokens look like %: % random bits', chosen,
            round(bits::numeric)
            USING DATATYPE = 'ticket_ext';
    END IF;
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_choose_format(jsonb, bigint, text, boolean) IS 'Chooses the format of a run';
-- The start of a run: what it covers, and the ranges it is divided into (start.rs, warnings.rs).

-- The first transaction id that is unused. A snapshot knows of those below the last that has ended; each younger one
-- has a lock, with the lower 32 bits of its number.
CREATE FUNCTION "ticket_ext".ticket_horizon() RETURNS bigint
LANGUAGE sql
AS $$
    SELECT greatest(next, max(next + ((transactionid::text::bigint - next + 2147483648) & 4294967295) - 2147483648) + 1)
    FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS snapshot
    LEFT JOIN pg_locks ON locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
    GROUP BY next
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_horizon() IS 'The first transaction id that is unused';

-- No result: another session has started a run in the meantime.
CREATE FUNCTION "ticket_ext".ticket_insert_run(arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    run bigint;
BEGIN
    EXECUTE $q$
-- No row: another session has started a run in the meantime
INSERT INTO "ticket_ext".ticket_rotation
    (target, target_oid, target_name, key_column, key_number, token_column, token_number, upper_id, tickets_planned,
     horizon, started_at, token_format, fill_null, without_token, system_identifier,
     ledger_identity)
SELECT $1, $1, $2, $3, $4, $5, $6, $7, $8, $9::text::xid8, $10, $11, $12, $13, system_identifier,
       ledger_identity
FROM "ticket_ext".ticket_cluster()
ON CONFLICT DO NOTHING
RETURNING run_id
$q$ INTO run USING
        (arguments ->> 'oid')::oid, arguments ->> 'table', arguments ->> 'key_name',
            (arguments ->> 'key_number')::smallint,
        arguments ->> 'column', (arguments ->> 'token_number')::smallint, (arguments ->> 'upper_id')::bigint,
        (arguments ->> 'tickets')::bigint, arguments ->> 'horizon', (arguments ->> 'started_at')::timestamptz,
        arguments ->> 'format', (arguments ->> 'fill_null')::boolean, (arguments ->> 'without_token')::bigint;
    RETURN to_jsonb(run);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_insert_run(jsonb) IS 'Writes the row of a new run';

-- The newest run, if it has to end before another one starts.
CREATE FUNCTION "ticket_ext".ticket_in_the_way(context jsonb) RETURNS jsonb
LANGUAGE sql
AS $$
    SELECT run FROM "ticket_ext".ticket_run(context) AS run
    WHERE run ->> 'state' IN ('active', 'paused') AND run ->> 'mismatch' IS DISTINCT FROM 'TableSwapped'
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_in_the_way(jsonb) IS 'A run that has to end before another one starts';

-- The last key of the run, so that what is in flight at its start is part of it: the last value of the sequence that
-- the keys come from. Where they come from elsewhere, and older transactions still write, there is no telling; nor is
-- there of UUIDs. NULL: there are no tickets.
CREATE FUNCTION "ticket_ext".ticket_upper_id(context jsonb, highest bigint, horizon bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    is_uuid boolean := context ->> 'is_uuid';
    sequence oid := context ->> 'sequence';
    -- Of one that this role may not read, nothing is known.
    drawn bigint := CASE WHEN NOT has_sequence_privilege(sequence, 'USAGE, SELECT') THEN NULL
                         WHEN (context ->> 'citus')::boolean THEN "ticket_ext".ticket_citus_drawn(sequence)
                         ELSE pg_sequence_last_value(sequence::regclass) END;
BEGIN
    IF drawn >= highest OR drawn IS NOT NULL AND highest IS NULL THEN
        RETURN drawn;
    ELSIF is_uuid AND highest IS NOT NULL
          OR (context ->> 'citus')::boolean AND "ticket_ext".ticket_citus_writers(context, NULL) <> '[]'
          OR "ticket_ext".ticket_older_writers((context ->> 'oid')::oid, horizon) ->> '' <> '' THEN
        RETURN 9223372036854775807;
    ELSIF is_uuid THEN
        RETURN NULL;
    END IF;
    -- None is left that could have written before the horizon and is not seen by this look.
    EXECUTE "ticket_ext".ticket_fill('SELECT max(@key@)::bigint FROM @target@', context) INTO highest;
    RETURN highest;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_upper_id(jsonb, bigint, bigint) IS 'The last key of a new run';

-- What does not keep a run from starting and should be known of it.
CREATE FUNCTION "ticket_ext".ticket_warn(context jsonb) RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    names text[];
    texts text[];
    sounds boolean[];
    held boolean[];
    reference record;
BEGIN
    EXECUTE format('SELECT array_agg(name), array_agg(value), array_agg(sounds)
                    FROM (%s) AS other (name, value, sounds)', $q$
-- Columns of table $1 that may hold a copy of the one with name $2, or a digest, as texts, and whether they sound like
-- it. What the server computes follows the token, and what this role may not read it cannot compare.
SELECT quote_ident(attname),
       CASE typname WHEN 'bytea' THEN format('encode(%I, ''hex'')', attname) ELSE format('%I::text', attname) END,
       position(lower($2) IN lower(attname)) > 0
       AND attname ~* '(digest|hash|sha_?[0-9]|md5|crypt|cipher|copy|backup|plain|raw|lookup|bidx|(^|_)(old|prev|previous)(_|$))'
FROM pg_attribute
JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> $2
  AND attgenerated = ''
  AND (typcategory = 'S' OR typname IN ('uuid', 'bytea'))
  AND has_column_privilege($1, attnum, 'SELECT')
ORDER BY attnum
$q$) INTO names, texts, sounds USING (context ->> 'oid')::oid, context ->> 'column';
    IF names IS NOT NULL THEN
        EXECUTE "ticket_ext".ticket_fill($q$
-- Whether each of some columns has the token of its ticket, or a digest of it, in one of the first $1 tickets
SELECT @held@
FROM (SELECT ARRAY[@texts@] AS texts,
             ARRAY[@token_bytes@::text, md5(@token_bytes@::text),
                   encode(sha256(convert_to(@token_bytes@::text, 'UTF8')), 'hex')] AS forms
      FROM @target@
      WHERE NOT (@lacks_token@)
      LIMIT $1) AS ticket
$q$, context || jsonb_build_object('texts', array_to_string(texts, ', '), 'held', (
            SELECT format('ARRAY[%s]', string_agg(format('bool_or(texts[%s] = ANY (forms))', place),
                ', ' ORDER BY place))
            FROM generate_series(1, cardinality(names)) AS place))) INTO held USING 1000::bigint;
        names := ARRAY(SELECT name FROM unnest(names, sounds, held) WITH ORDINALITY AS other (name, sounds, held, place)
                       WHERE other.sounds OR other.held ORDER BY place);
        IF cardinality(names) > 0 THEN
            RAISE WARNING 'table % has a copy or a digest of the tokens, as it seems, which this run does not change: %',
                context ->> 'table', array_to_string(names, ', ') USING DATATYPE = 'ticket_ext';
        END IF;
    END IF;
    FOR reference IN EXECUTE format('SELECT * FROM (%s) AS reference (key, index)', $q$
-- Foreign keys that follow column $2 of table $1 and have no index that begins with one of their columns
SELECT format('%I of %s', conname, conrelid::regclass),
       format('CREATE INDEX%s ON %s (%s);', CASE relkind WHEN 'p' THEN '' ELSE ' CONCURRENTLY' END, conrelid::regclass,
              (SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
               FROM unnest(conkey) WITH ORDINALITY AS own (number, place)
               JOIN pg_attribute ON attrelid = conrelid AND attnum = number))
FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
WHERE contype = 'f' AND confrelid = $1 AND $2 = ANY (confkey) AND confupdtype = 'c' AND conparentid = 0
  AND NOT EXISTS (SELECT FROM pg_index
                  WHERE indrelid = conrelid AND indisvalid AND indpred IS NULL AND indkey[0] = ANY (conkey))
ORDER BY conname
$q$) USING (context ->> 'oid')::oid, (context ->> 'token_number')::smallint LOOP
        RAISE WARNING 'each new token scans the table of foreign key %, which has no index: %', reference.key,
            reference.index
            USING DATATYPE = 'ticket_ext';
    END LOOP;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_warn(jsonb) IS 'Warns of what a run does not change or what makes it slow';

-- Ranges of about equally many tickets, as many as there may be workers where none were asked for. The first one
-- begins with the lowest key there can be, so that a ticket with a low one which is committed while the run goes on is
-- part of it.
CREATE FUNCTION "ticket_ext".ticket_divide(context jsonb, run bigint, upper_id bigint, tickets bigint, ranges integer)
RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    parts bigint := coalesce(ranges, least(64, 1 + tickets / CASE WHEN tickets < 100000 THEN 50000 ELSE 10000 END));
    percent float8 := least(100, 100.0 * parts * 2000 / nullif(tickets, 0));
    ends bigint[];
    first_id bigint := -9223372036854775808;
    last_id bigint;
BEGIN
    IF parts > 1 AND tickets > 0 AND (context ->> 'citus')::boolean THEN
        ends := "ticket_ext".ticket_citus_range_ends(context, upper_id, parts, percent);
    ELSIF parts > 1 AND tickets > 0 THEN
        EXECUTE "ticket_ext".ticket_fill(format('SELECT array_agg(id) FROM (%s) AS range_end', $q$
-- Ids below $1 that divide the tickets into $2 parts of about the same size, by a sample of $3 percent of the pages
SELECT DISTINCT id
FROM (SELECT unnest(percentile_disc(ARRAY(SELECT part / $2::float8 FROM generate_series(1, $2 - 1) AS part))
                    WITHIN GROUP (ORDER BY @id@)) AS id
      FROM @target@ TABLESAMPLE SYSTEM ($3)) AS ends
WHERE id < $1
ORDER BY id
$q$), context) INTO ends USING upper_id, parts, percent;
    END IF;
    FOREACH last_id IN ARRAY ends || upper_id LOOP
        EXECUTE $q$
INSERT INTO "ticket_ext".ticket_rotation_range (run_id, first_id, last_id) VALUES ($1, $2, $3)
$q$ USING run, first_id, last_id;
        first_id := CASE WHEN last_id < 9223372036854775807 THEN last_id + 1 END;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_divide(jsonb, bigint, bigint, bigint, integer) IS 'Divides a run into ranges';

-- Starts a run. The result is its number, or why there is none: NoTickets, or Unfinished with the other run.
CREATE FUNCTION "ticket_ext".ticket_begin(context jsonb, ranges integer, format text, force boolean) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    other jsonb := "ticket_ext".ticket_in_the_way(context);
    plan record;
    started_at timestamptz := clock_timestamp();
    horizon bigint := "ticket_ext".ticket_horizon();
    upper_id bigint;
    chosen text;
    run jsonb;
BEGIN
    IF other IS NOT NULL THEN
        RETURN jsonb_build_object('error', 'Unfinished', 'other', other);
    ELSIF context ->> 'lost_name' IS NOT NULL THEN
        -- Another table may have taken it over, and be the one that is meant.
        PERFORM "ticket_ext".ticket_refuse('ChangedMeanwhile', context || jsonb_build_object('table',
            context -> 'lost_name'));
    END IF;
    EXECUTE "ticket_ext".ticket_fill(CASE WHEN (context ->> 'citus')::boolean THEN
        "ticket_ext".ticket_citus_plan((context ->> 'is_uuid')::boolean) ELSE $q$
-- How many tickets there are, with and without a token
SELECT max(@id@) FILTER (WHERE true@has_token@) AS highest,
       count(*) FILTER (WHERE true@has_token@) AS tickets,
       count(*) FILTER (WHERE @lacks_token@) AS without_token
FROM @target@
$q$ END, context) INTO plan;
    upper_id := "ticket_ext".ticket_upper_id(context, plan.highest, horizon);
    IF upper_id IS NULL THEN
        RETURN '{"error": "NoTickets"}';
    END IF;
    chosen := "ticket_ext".ticket_choose_format(context, plan.tickets, format, force);
    IF plan.without_token > 0 AND (context ->> 'fill_null')::boolean THEN
        RAISE NOTICE '% ticket(s) without a token get one', plan.without_token USING DATATYPE = 'ticket_ext';
    ELSIF plan.without_token > 0 THEN
        RAISE NOTICE '% ticket(s) have no token and stay without one; to give them one: %', plan.without_token,
            "ticket_ext".ticket_start_call(context, 'fill_null => true') USING DATATYPE = 'ticket_ext';
    END IF;
    PERFORM "ticket_ext".ticket_warn(context);
    run := "ticket_ext".ticket_change('the start of a run of ' || (context ->> 'table'), 'start',
        context || jsonb_build_object(
        'upper_id', upper_id, 'tickets', plan.tickets, 'horizon', horizon, 'started_at', started_at, 'format', chosen,
        'without_token', plan.without_token));
    IF run IS NULL THEN
        RETURN jsonb_build_object('error', 'Unfinished', 'other', "ticket_ext".ticket_in_the_way(context));
    END IF;
    PERFORM "ticket_ext".ticket_confirm(context);
    PERFORM "ticket_ext".ticket_divide(context, run::text::bigint, upper_id, plan.tickets, ranges);
    RETURN jsonb_build_object('run', run);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_begin(jsonb, integer, text, boolean) IS 'Starts a run';

CREATE FUNCTION "ticket_ext".ticket_start(
    target regclass, token_column name, ranges integer, key_column name, format text, fill_null boolean,
        force boolean, path text
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    context jsonb;
    begun jsonb;
BEGIN
    IF ranges NOT BETWEEN 1 AND 1000 THEN
        PERFORM "ticket_ext".ticket_refuse('RangesOutOfBounds', jsonb_build_object('found', ranges, 'max', 1000));
    END IF;
    context := "ticket_ext".ticket_context('rotate', target, token_column, path,
                                          jsonb_build_object('key_name', key_column, 'fill_null', coalesce(fill_null,
                                              false)));
    begun := "ticket_ext".ticket_begin(context, ranges, format, coalesce(force, false));
    IF begun ? 'error' THEN
        PERFORM "ticket_ext".ticket_refuse_run(begun ->> 'error', context, coalesce(begun -> 'other', '{}'));
    END IF;
    RETURN begun ->> 'run';
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_start(regclass, name, integer, name, text, boolean, boolean, text) IS 'Starts a run, by the search_path of the caller';

-- The active run, started if the target never had one; NULL when there is nothing left to rotate.
CREATE FUNCTION "ticket_ext".ticket_run_to_rotate(context jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb;
BEGIN
    LOOP
        run := "ticket_ext".ticket_run(context);
        IF run ->> 'mismatch' IS NOT NULL THEN
            PERFORM "ticket_ext".ticket_refuse_run(run ->> 'mismatch', context, run);
        ELSIF run ->> 'state' = 'active' THEN
            RETURN run;
        ELSIF run ->> 'state' = 'finished' THEN
            RETURN NULL;
        ELSIF run IS NOT NULL THEN
            PERFORM "ticket_ext".ticket_refuse_run('WrongState', context, run);
        ELSIF "ticket_ext".ticket_begin(context, NULL, NULL, false) ->> 'error' = 'NoTickets' THEN
            RETURN NULL;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_run_to_rotate(jsonb) IS 'The run that a batch is of';
-- The evidence that a run left no ticket behind (verify.rs).

-- Of tickets without an entry, in order: those that were left out, and how many came after the sweep. Of the tickets
-- with an id as many have an entry after all as are left over.
CREATE FUNCTION "ticket_ext".ticket_without_entry(
    context jsonb, run jsonb, keys text[], ids bigint[], digests bigint[], left_over jsonb,
    OUT left_out text[], OUT created_since bigint
)
LANGUAGE sql
AS $$
    WITH late AS (
        SELECT key, digest, count(*) AS times FROM "ticket_ext".ticket_late(context, run, keys, digests) GROUP BY key,
            digest
    ), ticket AS (
        SELECT key, id, place, row_number() OVER (PARTITION BY key, digest ORDER BY place) <= coalesce(times,
            0) AS is_late
        FROM unnest(keys, ids, digests) WITH ORDINALITY AS ticket (key, id, digest, place)
        LEFT JOIN late USING (key, digest)
    ), counted AS (
        SELECT key, place, is_late
        FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY is_late, place) AS number FROM ticket) AS ticket
        WHERE number > coalesce((left_over ->> id::text)::bigint, 0)
    )
    SELECT coalesce(array_agg(key ORDER BY place) FILTER (WHERE NOT is_late), '{}'), count(*) FILTER (WHERE is_late)
    FROM counted
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_without_entry(jsonb, jsonb, text[], bigint[], bigint[], jsonb) IS 'Which tickets without an entry were left out';

-- Each ticket beside its entries.
CREATE FUNCTION "ticket_ext".ticket_account(
    context jsonb, run jsonb,
    OUT old_tokens bigint, OUT old_token_keys text[], OUT not_rotated bigint, OUT not_rotated_keys text[],
        OUT created_since bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    next_id bigint := -9223372036854775808;
    last_id bigint := run ->> 'upper_id';
    step record;
    found_old text[];
    without record;
BEGIN
    old_tokens := 0;
    not_rotated := 0;
    created_since := 0;
    LOOP
        step := "ticket_ext".ticket_step(context, run, next_id, last_id);
        IF step.ids IS NOT NULL AND (context ->> 'citus')::boolean THEN
            SELECT * INTO step.keys, step.ids, step.digests, step.reasons, step.left_over
            FROM "ticket_ext".ticket_citus_settled(context, run, next_id, step.up_to, step.ids, step.digests);
        END IF;
        found_old := ARRAY(SELECT key FROM unnest(step.keys, step.reasons) WITH ORDINALITY AS due (key, reason, place)
                           WHERE reason = 2 ORDER BY place);
        old_tokens := old_tokens + cardinality(found_old);
        old_token_keys := (coalesce(old_token_keys, '{}') || found_old)[:10];
        without := (SELECT "ticket_ext".ticket_without_entry(
                               context, run, array_agg(key ORDER BY place), array_agg(id ORDER BY place),
                               array_agg(digest ORDER BY place), step.left_over)
                    FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY AS due (key, id,
                        digest, reason, place)
                    WHERE reason = 1);
        not_rotated := not_rotated + cardinality(without.left_out);
        not_rotated_keys := (coalesce(not_rotated_keys, '{}') || without.left_out)[:10];
        created_since := created_since + without.created_since;
        EXIT WHEN step.up_to >= last_id;
        next_id := step.up_to + 1;
    END LOOP;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_account(jsonb, jsonb) IS 'Compares each ticket with its entries';

CREATE FUNCTION "ticket_ext".ticket_verify(target regclass, token_column name, path text)
RETURNS TABLE (
    run_id bigint, state text, verified boolean, started_at timestamptz, finished_at timestamptz,
    tickets_rotated bigint, tickets_swept bigint, ledger_gaps bigint, old_tokens bigint, old_token_keys text[],
    not_rotated bigint, not_rotated_keys text[], created_since bigint, without_token bigint, duplicate_tokens bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $body$
DECLARE
    context jsonb := "ticket_ext".ticket_context('read', target, token_column, path);
    run jsonb := "ticket_ext".ticket_require_run(context, true);
    ledger record;
    accounted record;
BEGIN
    run_id := run ->> 'run_id';
    state := run ->> 'state';
    EXECUTE $q$
-- Ranges and batches both have to tile the run, from $2 up to $3: each starts behind the end of the one before.
WITH intervals AS (
    SELECT 'range' AS kind, first_id::numeric, last_id::numeric
    FROM "ticket_ext".ticket_rotation_range WHERE run_id = $1
    UNION ALL
    SELECT 'batch', first_id, last_id
    FROM "ticket_ext".ticket_rotation_batch WHERE run_id = $1 AND sweep = 0
    UNION ALL
    SELECT kind, $3::numeric + 1, $3 FROM (VALUES ('range'), ('batch')) AS ends (kind)
), neighbours AS (
    SELECT first_id, lag(last_id, 1, $2::numeric - 1) OVER (PARTITION BY kind ORDER BY first_id, last_id) AS previous
    FROM intervals
), ledger AS (
    SELECT sum(tickets) AS rotated, sum(tickets) FILTER (WHERE sweep > 0) AS swept
    FROM "ticket_ext".ticket_rotation_batch WHERE run_id = $1
)
SELECT (SELECT count(*) FROM neighbours WHERE first_id <> previous + 1) AS gaps,
       rotated::bigint AS rotated,
       swept::bigint AS swept,
       forgotten_at IS NULL AS has_entries,
       started_at,
       finished_at
FROM ledger, "ticket_ext".ticket_rotation
WHERE run_id = $1
$q$ INTO ledger USING run_id, -9223372036854775808, (run ->> 'upper_id')::bigint;
    started_at := ledger.started_at;
    finished_at := ledger.finished_at;
    tickets_rotated := coalesce(ledger.rotated, 0);
    tickets_swept := coalesce(ledger.swept, 0);
    ledger_gaps := ledger.gaps;
    IF ledger.has_entries THEN
        SELECT * INTO old_tokens, old_token_keys, not_rotated, not_rotated_keys, created_since
        FROM "ticket_ext".ticket_account(context, run);
        verified := state = 'finished' AND ledger_gaps = 0 AND old_tokens = 0 AND not_rotated = 0;
    END IF;
    EXECUTE "ticket_ext".ticket_fill('SELECT count(*) FROM @target@ WHERE @lacks_token@', context) INTO without_token;
    duplicate_tokens := 0;
    IF NOT (context ->> 'is_unique')::boolean THEN
        EXECUTE "ticket_ext".ticket_fill(
            'SELECT count(@token@) - count(DISTINCT @token@) FROM @target@ WHERE NOT (@lacks_token@)', context)
        INTO duplicate_tokens;
    END IF;
    PERFORM "ticket_ext".ticket_confirm(context);
    RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_verify(regclass, name, text) IS 'The evidence on the newest run, by the search_path of the caller';
-- How hard the drivers of a run work, while they do, and what they wait for; and what is dropped of a run that has
-- ended (tune.rs, forget.rs).

CREATE FUNCTION "ticket_ext".ticket_tune(
    batch_time interval, nice double precision, workers integer, target regclass, token_column name, path text
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    context jsonb;
    run jsonb;
    number bigint;
    before text;
BEGIN
    IF batch_time NOT BETWEEN interval '10 ms' AND interval '60 s' THEN
        PERFORM "ticket_ext".ticket_refuse('BatchTimeOutOfBounds', jsonb_build_object(
            'seconds', extract(epoch FROM batch_time)::float8));
    ELSIF NOT (nice >= 0 AND nice <= 100) THEN
        PERFORM "ticket_ext".ticket_refuse('NiceOutOfBounds', jsonb_build_object('found', nice::text));
    ELSIF workers NOT BETWEEN 1 AND 64 THEN
        PERFORM "ticket_ext".ticket_refuse('WorkersOutOfBounds', jsonb_build_object('found', workers));
    END IF;
    context := "ticket_ext".ticket_context('control', target, token_column, path);
    run := "ticket_ext".ticket_require_run(context, false);
    number := run ->> 'run_id';
    before := "ticket_ext".ticket_limit_locks('3 s');
    IF run ->> 'state' NOT IN ('active', 'paused') THEN
        PERFORM "ticket_ext".ticket_refuse_run('WrongState', context, run);
    ELSIF num_nonnulls(batch_time, nice, workers) = 0 THEN
        EXECUTE $q$
UPDATE "ticket_ext".ticket_rotation_control
SET batch_time = NULL, nice = NULL, workers = NULL, tuned_at = clock_timestamp()
WHERE run_id = $1
$q$ USING number;
    ELSE
        EXECUTE $q$
INSERT INTO "ticket_ext".ticket_rotation_control AS control (run_id, batch_time, nice, workers, tuned_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (run_id) DO UPDATE
SET batch_time = coalesce(excluded.batch_time, control.batch_time),
    nice = coalesce(excluded.nice, control.nice),
    workers = coalesce(excluded.workers, control.workers),
    tuned_at = excluded.tuned_at
$q$ USING number, batch_time, nice, workers;
    END IF;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
    RETURN number;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_tune(interval, double precision, integer, regclass, name, text) IS 'Tunes the newest run';

CREATE FUNCTION "ticket_ext".ticket_note_wait(waiting_for text, target regclass, token_column name, path text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    context jsonb := "ticket_ext".ticket_context('control', target, token_column, path);
    run jsonb := "ticket_ext".ticket_require_run(context, false);
    before text := "ticket_ext".ticket_limit_locks('3 s');
BEGIN
    EXECUTE $q$
INSERT INTO "ticket_ext".ticket_rotation_control (run_id, waiting_for, waiting_at)
VALUES ($1, $2, clock_timestamp())
ON CONFLICT (run_id) DO UPDATE SET waiting_for = excluded.waiting_for, waiting_at = excluded.waiting_at
$q$ USING (run ->> 'run_id')::bigint, waiting_for;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
    RETURN run ->> 'run_id';
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_note_wait(text, regclass, name, text) IS 'Notes what drivers wait for';

CREATE FUNCTION "ticket_ext".ticket_forget(run bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    session jsonb := "ticket_ext".ticket_session('control');
    before text := "ticket_ext".ticket_limit_locks('3 s');
    known record;
    facts jsonb;
BEGIN
    IF run IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM "ticket_ext".ticket_check_role('control');
    BEGIN
        EXECUTE $q$
-- $2: the role that asks. The run of a table that was dropped is left to the superuser, finished or not.
SELECT state,
       target_name,
       EXISTS (SELECT FROM pg_class WHERE oid = target::oid) AS has_table,
       coalesce(has_column_privilege($2, target::oid, token_number, 'UPDATE'),
                (SELECT rolsuper FROM pg_roles WHERE oid = $2)) AS may_update
FROM "ticket_ext".ticket_rotation
WHERE run_id = $1
FOR UPDATE
$q$ INTO known USING run, (session ->> 'role')::oid;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM "ticket_ext".ticket_refuse_held('run ' || run, '"ticket_ext".ticket_rotation'::regclass,
                                               '{RowShareLock,RowExclusiveLock}');
    END;
    facts := jsonb_build_object('run', run, 'table', known.target_name, 'state', known.state);
    IF known.state IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('NoSuchRun', facts);
    ELSIF known.may_update IS NOT TRUE THEN
        PERFORM "ticket_ext".ticket_refuse('NotYours', facts);
    ELSIF known.state IN ('active', 'paused') AND known.has_table THEN
        PERFORM "ticket_ext".ticket_refuse('StillNeeded', facts);
    END IF;
    EXECUTE $q$
WITH forgotten AS (
    UPDATE "ticket_ext".ticket_rotation
    SET forgotten_at = clock_timestamp(),
        state = CASE state WHEN 'finished' THEN 'finished' ELSE 'cancelled' END,
        finished_at = coalesce(finished_at, clock_timestamp())
    WHERE run_id = $1
)
UPDATE "ticket_ext".ticket_rotation_batch SET keys = NULL, digests = NULL, new_digests = NULL
WHERE run_id = $1 AND keys IS NOT NULL
$q$ USING run;
    PERFORM "ticket_ext".ticket_unlimit_locks(before);
    RETURN run;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_forget(bigint) IS 'Drops the entries of a run';
-- Whose tokens leaked: looked up by their digests, which tickets had them and which runs retired them (trace.rs,
-- trace_token.rs, traced_keys.rs).

-- Keys of the tickets that an entry may be of, where they are UUIDs: the ledger has only their ids. Of one that the
-- table has no more, its beginning.
CREATE FUNCTION "ticket_ext".ticket_traced_key(context jsonb, id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := "ticket_ext".ticket_bounds(true, id, id);
    names text;
BEGIN
    EXECUTE "ticket_ext".ticket_fill_keys(
        'SELECT string_agg(@key_value@::text, '' or '' ORDER BY @key@)
         FROM @target@ WHERE @key@ >= $1 AND @key@ <= $2', context)
    INTO names USING bounds[1], bounds[2];
    RETURN coalesce(names, left(bounds[1]::uuid::text, 17) || '...');
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_traced_key(jsonb, bigint) IS 'The keys that an id may be of';

-- Of all runs of the target, the newest first. A run whose entries are forgotten is a row without a digest. The
-- digests that are asked for are hashed, and the entries of each run pass by once.
CREATE FUNCTION "ticket_ext".ticket_trace(wanted bigint[], context jsonb)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE plpgsql
AS $body$
DECLARE
    run record;
    step record;
    sweep integer;
    last_id bigint;
    is_uuid boolean := context ->> 'is_uuid';
BEGIN
    -- Who may not read keys and tokens of the table learns none of its keys from the ledger.
    EXECUTE "ticket_ext".ticket_fill('SELECT @key@, @token@ FROM @target@ LIMIT 0', context);
    FOR run IN EXECUTE format('SELECT * FROM (%s) AS run (number, has_entries)', $q$
-- All runs of table $1 and its column with number $2 or name $3, newest first
SELECT run_id, forgotten_at IS NULL AS has_entries
FROM "ticket_ext".ticket_rotation
WHERE target::oid = $1 AND (token_number = $2 OR token_column = $3)
ORDER BY run_id DESC
$q$) USING (context ->> 'oid')::oid, (context ->> 'token_number')::smallint, context ->> 'column' LOOP
        IF NOT run.has_entries THEN
            RETURN QUERY SELECT NULL::bigint, run.number, NULL::text, NULL::timestamptz;
            CONTINUE;
        END IF;
        sweep := 0;
        last_id := -9223372036854775808;
        LOOP
            -- The list is hashed once a step only if the entries are at hand before the two are joined.
            EXECUTE format('WITH batch AS MATERIALIZED (%s), entry AS MATERIALIZED (
                    SELECT sweep, last_id, finished_at, id, digest, place
                    FROM batch, unnest(keys, digests) WITH ORDINALITY AS entry (id, digest, place))
                SELECT array_agg(id ORDER BY sweep, last_id, place) AS ids,
                       array_agg(digest ORDER BY sweep, last_id, place) AS digests,
                       array_agg(finished_at ORDER BY sweep, last_id, place) AS times,
                       (SELECT max(sweep) FROM batch) AS sweep,
                       (SELECT max(last_id) FROM batch WHERE sweep = (SELECT max(sweep) FROM batch)) AS last_id
                FROM entry
                WHERE digest IN (SELECT unnest($5))', $q$
-- The next ledger rows of run $1 behind the one of sweep $2 and last id $3, of about $4 tickets: one at least
SELECT sweep, last_id, finished_at, keys, digests
FROM (SELECT *, sum(tickets) OVER (ORDER BY sweep, last_id) - tickets AS before
      FROM (SELECT sweep, last_id, finished_at, tickets, keys, digests
            FROM "ticket_ext".ticket_rotation_batch
            WHERE run_id = $1 AND (sweep, last_id) > ($2, $3)
            ORDER BY sweep, last_id
            LIMIT 1000) AS batch) AS batch
WHERE before < $4
ORDER BY sweep, last_id
$q$) INTO step USING run.number, sweep, last_id, 100000::bigint, wanted;
            EXIT WHEN step.sweep IS NULL;
            RETURN QUERY SELECT entry.digest, run.number,
                                CASE WHEN is_uuid THEN "ticket_ext".ticket_traced_key(context, entry.id)
                                     ELSE entry.id::text END,
                                entry.finished_at
                         FROM unnest(step.ids, step.digests, step.times) AS entry (id, digest, finished_at);
            sweep := step.sweep;
            last_id := step.last_id;
        END LOOP;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_trace(bigint[], jsonb) IS 'The entries with some digests, of all runs of a target';

CREATE FUNCTION "ticket_ext".ticket_trace_digests(wanted bigint[], target regclass, token_column name, path text)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM "ticket_ext".ticket_trace(wanted, "ticket_ext".ticket_context('read', target,
        token_column, path));
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_trace_digests(bigint[], regclass, name, text) IS 'The entries with some digests, by the search_path of the caller';

-- The ways in which the column can hold a token. The server's own error would quote what is no token.
CREATE FUNCTION "ticket_ext".ticket_spellings(context jsonb, token text) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    plain text := btrim(token, E' \t\n\r');
    uuid text := lower(replace(regexp_replace(btrim(plain, '{}'), '^urn:uuid:', '', 'i'), '-', ''));
    is_uuid boolean := uuid ~ '^[0-9a-f]{32}$'
        AND plain ~ '^(\{|urn:uuid:)?([^-]{8}(-[^-]{4}){3}-[^-]{12}|[^-]{32})\}?$';
BEGIN
    CASE context ->> 'kind'
    WHEN 'uuid' THEN
        IF NOT is_uuid THEN
            PERFORM "ticket_ext".ticket_refuse('NoToken', context || '{"expected": "a UUID"}');
        END IF;
        RETURN ARRAY[uuid::uuid::text];
    WHEN 'bytea' THEN
        IF plain !~ '^\\x([0-9A-Fa-f]{2})*$' THEN
            PERFORM "ticket_ext".ticket_refuse('NoToken', context || jsonb_build_object('expected',
                '\x and hexadecimal digits'));
        END IF;
        RETURN ARRAY[plain];
    ELSE
        RETURN ARRAY(SELECT DISTINCT spelling FROM unnest(ARRAY[token, plain] || CASE WHEN is_uuid THEN
            ARRAY[uuid, upper(uuid), uuid::uuid::text, upper(uuid::uuid::text)] END) AS spelling);
    END CASE;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_spellings(jsonb, text) IS 'The ways in which the column can hold a token';

CREATE FUNCTION "ticket_ext".ticket_trace_token(token text, target regclass, token_column name, path text)
RETURNS TABLE (state text, key text, run_id bigint, retired_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := "ticket_ext".ticket_context('read', target, token_column, path);
    spellings text[] := "ticket_ext".ticket_spellings(context, token);
    digests bigint[];
    is_known boolean := false;
BEGIN
    EXECUTE format('SELECT array_agg("ticket_ext".ticket_token_digest(spelling::%s)) FROM unnest($1) AS spelling',
                   context ->> 'bytes_type') INTO digests USING spellings;
    FOR key IN EXECUTE "ticket_ext".ticket_fill(
        'SELECT @key@::text FROM @target@ WHERE @token@ = ANY ($1::text[]::@bytes_type@[]) ORDER BY @key@', context)
        USING spellings LOOP
        state := 'live';
        is_known := true;
        RETURN NEXT;
    END LOOP;
    FOR state, key, run_id, retired_at IN
        SELECT CASE WHEN digest IS NULL THEN 'forgotten' ELSE 'retired' END, traced.key, traced.run_id,
            traced.retired_at
        FROM "ticket_ext".ticket_trace(digests, context) AS traced LOOP
        is_known := is_known OR state = 'retired';
        RETURN NEXT;
    END LOOP;
    IF NOT is_known THEN
        RETURN QUERY SELECT 'unknown', NULL::text, NULL::bigint, NULL::timestamptz;
    END IF;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_trace_token(text, regclass, name, text) IS 'Whose token it is or was, by the search_path of the caller';
-- The guard: a trigger on the target that keeps retired tokens from coming back (guard/*.rs). It reads the ledger and
-- counts what it holds off as their owner. A batch leaves at once, by a setting that names its transaction. Whoever
-- sets it by hand may as well write any other token that he knows.

-- The column that a trigger guards: the one that its condition names, or of a partition's copy, that of the trigger
-- that it is a copy of; and the type that it is made of.
CREATE FUNCTION "ticket_ext".ticket_guarded(
    relation oid, trigger_name name, OUT trigger oid, OUT token_column text, OUT kind text
)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE origin AS (
        SELECT oid AS own, oid, tgparentid, tgrelid FROM pg_trigger
        WHERE tgrelid = relation AND tgname = trigger_name AND tgqual IS NOT NULL
        UNION ALL
        SELECT own, parent.oid, parent.tgparentid, parent.tgrelid
        FROM origin JOIN pg_trigger AS parent ON parent.oid = origin.tgparentid
    )
    SELECT own, guarded.attname,
           CASE WHEN type.oid = 'uuid'::regtype THEN 'uuid' WHEN type.oid = 'bytea'::regtype THEN 'bytea'
                WHEN type.typcategory = 'S' THEN 'text' END
    FROM origin
    JOIN pg_attribute AS named ON named.attrelid = tgrelid AND named.attnum > 0
    JOIN pg_depend ON (classid, objid) = ('pg_trigger'::regclass, origin.oid)
        AND (refclassid, refobjid, refobjsubid) = ('pg_class'::regclass, named.attrelid, named.attnum)
    JOIN pg_attribute AS guarded ON guarded.attrelid = relation AND guarded.attname = named.attname
    JOIN pg_type AS declared ON declared.oid = guarded.atttypid
    JOIN pg_type AS type ON type.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
    LIMIT 1
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_guarded(oid, name) IS 'The column that a trigger guards';

CREATE FUNCTION "ticket_ext".ticket_digest_of(kind text, token text) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE kind WHEN 'uuid' THEN "ticket_ext".ticket_token_digest(token::uuid)
                     WHEN 'bytea' THEN "ticket_ext".ticket_token_digest(token::bytea)
                     WHEN 'text' THEN "ticket_ext".ticket_token_digest(token) END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_digest_of(text, text) IS 'The digest of a token that is written as a text';

-- The runs of a column of this table, or of one that it is a partition of, with their keys, the newest first. One that
-- was restored goes by names.
CREATE FUNCTION "ticket_ext".ticket_guarded_runs(relation oid, token_column text)
RETURNS TABLE (run_id bigint, sweeps integer, upper_id bigint, key_column text, token_format text)
LANGUAGE sql STABLE
AS $body$
    SELECT run.run_id, run.sweep, run.upper_id, own.attname::text, run.token_format
    FROM (SELECT guarded.* FROM (SELECT ARRAY(SELECT relid::oid FROM pg_partition_ancestors(relation)) || relation)
        AS tree (tables),
          LATERAL "ticket_ext".ticket_runs_of(tables) AS guarded) AS run
    LEFT JOIN pg_attribute AS token ON token.attrelid = target AND token.attnum = token_number
    LEFT JOIN pg_attribute AS key ON key.attrelid = target AND key.attnum = key_number
    JOIN pg_attribute AS own ON own.attrelid = relation AND own.attnum > 0 AND NOT own.attisdropped
        AND own.attname = CASE WHEN target = target_oid THEN key.attname ELSE key_column END
    WHERE CASE WHEN target = target_oid THEN token.attname ELSE run.token_column END = $2
    ORDER BY run.run_id DESC
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_guarded_runs(oid, text) IS 'Runs whose entries a guard asks';

CREATE FUNCTION "ticket_ext".ticket_runs_of(tables oid[])
RETURNS TABLE (run_id bigint, sweep integer, upper_id bigint, target oid, target_oid oid, token_number smallint,
               token_column text, key_number smallint, key_column text, token_format text)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
SELECT run_id, sweep, upper_id, target::oid AS target, target_oid,
       token_number, token_column::text AS token_column, key_number, key_column::text AS key_column,
       token_format
FROM "ticket_ext".ticket_rotation
WHERE target::oid = ANY ($1) AND forgotten_at IS NULL
ORDER BY run_id DESC
    ;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_runs_of(oid[]) IS 'Runs of tables';

-- Whether the run of a column's that knows the ticket of a row has retired a token from it.
CREATE FUNCTION "ticket_ext".ticket_retired(relation oid, column_name text, digest bigint, rows jsonb[],
    OUT run bigint, OUT key_column text)
LANGUAGE plpgsql STABLE
AS $body$
#variable_conflict use_column
DECLARE
    asked record;
BEGIN
    FOR asked IN
        SELECT key_column, id, array_agg(run_id ORDER BY run_id DESC) AS runs,
            array_agg(sweeps ORDER BY run_id DESC) AS sweeps
        FROM (SELECT known.*, CASE WHEN value ~ '-.*-' THEN "ticket_ext".ticket_key(value::uuid) ELSE value::bigint END
            AS id
              FROM "ticket_ext".ticket_guarded_runs($1, $2) AS known,
                   LATERAL (SELECT DISTINCT image ->> known.key_column AS value FROM unnest($4) AS image) AS image
              WHERE value ~ '^-?[0-9]+$|^[0-9a-f]{8}-') AS known
        WHERE id <= upper_id
        GROUP BY key_column, id
        ORDER BY max(run_id) DESC
    LOOP
        SELECT batch.run_id, asked.key_column INTO run, key_column FROM (
            SELECT * FROM "ticket_ext".ticket_retiring(asked.runs, asked.sweeps, asked.id) OFFSET 0) AS batch
        WHERE EXISTS (SELECT FROM unnest(array_positions(keys, asked.id)) AS place WHERE digests[place] = $3)
        LIMIT 1;
        EXIT WHEN run IS NOT NULL;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_retired(oid, text, bigint, jsonb[]) IS 'Which run has retired a token from the ticket of a row';

CREATE FUNCTION "ticket_ext".ticket_retiring(runs bigint[], sweeps integer[], id bigint)
RETURNS TABLE (run_id bigint, keys bigint[], digests bigint[])
LANGUAGE plpgsql STABLE
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
-- The batches of runs $1 that reach over id $3, the newest first: of each run at most one, and one of each of its
-- sweeps ($2: how many it has had)
SELECT run.run_id, batch.keys, batch.digests
FROM unnest($1::bigint[], $2::integer[]) AS run (run_id, sweeps)
CROSS JOIN LATERAL generate_series(0, run.sweeps) AS number
CROSS JOIN LATERAL (
    SELECT first_id, keys, digests
    FROM "ticket_ext".ticket_rotation_batch AS batch
    WHERE batch.run_id = run.run_id AND batch.sweep = number AND batch.last_id >= $3
    ORDER BY batch.last_id
    LIMIT 1
) AS batch
WHERE batch.first_id <= $3 AND batch.keys IS NOT NULL
ORDER BY run.run_id DESC
    ;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_retiring(bigint[], integer[], bigint) IS 'The batches that reach over an id';

CREATE FUNCTION "ticket_ext".ticket_refuse_retired(guard oid, token_column text, run bigint, key text) RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    origin record;
BEGIN
    EXECUTE $q$
-- The table that trigger $1, or the one of a parent which it is a copy of, was put on, and the arguments of a call for
-- its column with name $2
WITH RECURSIVE origin AS (
    SELECT tgparentid, tgrelid FROM pg_trigger WHERE oid = $1
    UNION ALL
    SELECT parent.tgparentid, parent.tgrelid FROM origin JOIN pg_trigger AS parent ON parent.oid = origin.tgparentid
)
SELECT name, format('%L, %L', name, $2) AS arguments
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM origin
      JOIN pg_class ON pg_class.oid = tgrelid
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE tgparentid = 0) AS target
$q$ INTO origin USING guard, token_column;
    PERFORM "ticket_ext".ticket_refuse('RetiredToken', jsonb_build_object(
        'key', coalesce(key, ''), 'table', origin.name, 'run', run,
        'call', "ticket_ext".ticket_call(jsonb_build_object('arguments', origin.arguments), 'guard_ticket_tokens')));
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_refuse_retired(oid, text, bigint, text) IS 'Refuses a write of a retired token';

-- A row that is inserted has no live token: it gets a new one, or is refused where a function makes them. Where it then
-- turns out to be there already and the INSERT becomes an UPDATE, that new token stands for the live one.
CREATE FUNCTION "ticket_ext".ticket_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    stand_in text := nullif(current_setting('ticket_rotation.stand_in', true), '');
    guard record;
    rows jsonb[];
    token text;
    retired record;
    format text;
    fresh text;
BEGIN
    IF current_setting('ticket_rotation.batch', true) = pg_current_xact_id_if_assigned()::text THEN
        RETURN NEW;
    END IF;
    SELECT * INTO guard FROM "ticket_ext".ticket_guarded(TG_RELID, TG_NAME);
    IF TG_OP NOT IN ('INSERT', 'UPDATE') OR TG_LEVEL <> 'ROW' OR coalesce(TG_ARGV[0], '') NOT IN ('keep', 'refuse')
       OR guard.token_column IS NULL THEN
        PERFORM "ticket_ext".ticket_refuse('GuardByHand');
    END IF;
    rows := CASE TG_OP WHEN 'UPDATE' THEN ARRAY[to_jsonb(NEW), to_jsonb(OLD)] ELSE ARRAY[to_jsonb(NEW)] END;
    token := "ticket_ext".ticket_digest_of(guard.kind, rows[1] ->> guard.token_column);
    IF stand_in IS NOT NULL THEN
        PERFORM set_config('ticket_rotation.stand_in', '', true);
        IF TG_OP = 'UPDATE' AND stand_in = token THEN
            RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, rows[2] -> guard.token_column));
        END IF;
    END IF;
    retired := "ticket_ext".ticket_retired(TG_RELID, guard.token_column, token::bigint, rows);
    IF retired.run IS NULL THEN
        RETURN NEW;
    END IF;
    format := (SELECT token_format FROM "ticket_ext".ticket_guarded_runs(TG_RELID, guard.token_column) LIMIT 1);
    IF TG_ARGV[0] = 'refuse' OR TG_OP = 'INSERT' AND starts_with(format, 'function:') THEN
        PERFORM "ticket_ext".ticket_refuse_retired(guard.trigger, guard.token_column, retired.run,
            rows[1] ->> retired.key_column);
    END IF;
    PERFORM "ticket_ext".ticket_hold_off(retired.run, rows[1] ->> retired.key_column);
    IF TG_OP = 'UPDATE' THEN
        RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, rows[2] -> guard.token_column));
    END IF;
    EXECUTE pg_catalog.format('SELECT (%s)::text', "ticket_ext".ticket_new_token(
        jsonb_build_object('kind', guard.kind), jsonb_build_object('token_format', format))) INTO fresh;
    PERFORM set_config('ticket_rotation.stand_in', "ticket_ext".ticket_digest_of(guard.kind, fresh)::text, true);
    RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, fresh));
END
$body$;

-- Now and then a session folds the newest rows into one, so that a storm of writes leaves some hundred.
CREATE FUNCTION "ticket_ext".ticket_hold_off(run bigint, key text) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    EXECUTE $q$
INSERT INTO "ticket_ext".ticket_rotation_held_off (run_id, key) VALUES ($1, $2)
ON CONFLICT DO NOTHING
$q$ USING run, coalesce(key, '');
    IF random() < 0.002 THEN
        EXECUTE $q$
-- The newest $2 rows of run $1 become one, but for those that another session is at. Not under a snapshot of the
-- transaction, where a row that was folded meanwhile would be a serialization failure.
WITH newest AS (
    SELECT at, process
    FROM "ticket_ext".ticket_rotation_held_off
    WHERE run_id = $1 AND current_setting('transaction_isolation') = 'read committed'
    ORDER BY at DESC
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), folded AS (
    DELETE FROM "ticket_ext".ticket_rotation_held_off AS held USING newest
    WHERE held.run_id = $1 AND held.at = newest.at AND held.process = newest.process
    RETURNING held.at, held.key, held.writes
)
INSERT INTO "ticket_ext".ticket_rotation_held_off (run_id, at, key, writes)
SELECT $1, max(at), (array_agg(key ORDER BY at DESC))[1], sum(writes)
FROM folded
HAVING count(*) > 0
$q$ USING run, 1000::bigint;
    END IF;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_hold_off(bigint, text) IS 'Counts a write that was held off';

-- The table and column to be guarded, for its owner.
CREATE FUNCTION "ticket_ext".ticket_guard_place(target regclass, token_column name, path text, function text)
RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    session jsonb := "ticket_ext".ticket_session('control');
    context jsonb := "ticket_ext".ticket_target(target, token_column, path);
    place record;
    drops text;
BEGIN
    EXECUTE $q$
-- Whether the current user owns table $1, its partitions, and how triggers that guard its column $2 are called
SELECT pg_has_role(relowner, 'USAGE') AS is_owner,
       ARRAY(SELECT relid::oid FROM pg_partition_tree($1) WHERE relid <> $1 ORDER BY relid) AS partitions,
       quote_ident(('~ticket_guard_insert_' || $2)::name::text) AS insert_trigger,
       quote_ident(('~ticket_guard_update_' || $2)::name::text) AS update_trigger
FROM pg_class
WHERE oid = $1
$q$ INTO place USING (context ->> 'oid')::oid, context ->> 'column';
    IF place.is_owner IS NOT TRUE THEN
        PERFORM "ticket_ext".ticket_refuse('NotOwner', context || jsonb_build_object(
            'call', "ticket_ext".ticket_call(context, function)));
    END IF;
    context := "ticket_ext".ticket_described(context, 'control', NULL);
    IF (context ->> 'citus')::boolean THEN
        PERFORM "ticket_ext".ticket_refuse('CitusGuard', context);
    END IF;
    PERFORM "ticket_ext".ticket_check_role('control');
    EXECUTE $q$
-- Statements that drop the guard of column $2 of table $1; NULL without one
SELECT string_agg(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass), '; ')
FROM pg_trigger
JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = pg_trigger.oid
    AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid > 0
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid AND attname = $2
WHERE tgrelid = $1 AND tgparentid = 0
  AND tgfoid = '"ticket_ext".ticket_guard()'::regprocedure
$q$ INTO drops USING (context ->> 'oid')::oid, context ->> 'column';
    RETURN context || jsonb_build_object('insert_trigger', place.insert_trigger, 'update_trigger', place.update_trigger,
                                         'drops', drops);
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_guard_place(regclass, name, text, text) IS 'Where a guard stands or is to stand';

CREATE FUNCTION "ticket_ext".ticket_put_guard_on(target regclass, token_column name, action text, path text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    place jsonb;
BEGIN
    IF action IS NULL OR action NOT IN ('keep', 'refuse') THEN
        PERFORM "ticket_ext".ticket_refuse('UnknownAction', jsonb_build_object('found', coalesce(action, 'NULL')));
    END IF;
    FOR attempt IN 1..2 LOOP
        place := "ticket_ext".ticket_guard_place(target, token_column, path, 'guard_ticket_tokens');
        IF EXISTS (SELECT FROM "ticket_ext".ticket_guard AS guard
                   WHERE guard.target::oid = (place ->> 'oid')::oid AND guard.token_column = place ->> 'column'
                     AND guard.action = $3 AND enabled) THEN
            RETURN false;
        END IF;
        PERFORM "ticket_ext".ticket_lock_table(place, CASE WHEN place ->> 'drops' IS NULL THEN 'add' ELSE 'drop' END);
    END LOOP;
    IF place ->> 'drops' IS NOT NULL THEN
        EXECUTE place ->> 'drops';
    END IF;
    -- A row that is refused must be one that is really inserted: no INSERT ... ON CONFLICT that turns out to be an
    -- UPDATE.
    EXECUTE "ticket_ext".ticket_fill($q$
CREATE TRIGGER @insert_trigger@ @timing@ INSERT ON @target@ FOR EACH ROW
    WHEN (NEW.@token@ IS NOT NULL) EXECUTE FUNCTION "ticket_ext".ticket_guard('@action@');
CREATE TRIGGER @update_trigger@ BEFORE UPDATE ON @target@ FOR EACH ROW
    WHEN (OLD.@token@ IS DISTINCT FROM NEW.@token@) EXECUTE FUNCTION "ticket_ext".ticket_guard('@action@');
ALTER TABLE @target@ ENABLE ALWAYS TRIGGER @insert_trigger@;
ALTER TABLE @target@ ENABLE ALWAYS TRIGGER @update_trigger@
$q$, place || jsonb_build_object('timing', CASE action WHEN 'keep' THEN 'BEFORE' ELSE 'AFTER' END, 'action', action));
    RETURN true;
END
$body$;
COMMENT ON FUNCTION "ticket_ext".ticket_put_guard_on(regclass, name, text, text) IS 'Puts the guard on, by the search_path of the caller';

CREATE FUNCTION "ticket_ext".ticket_take_guard_off(target regclass, token_column name, path text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place jsonb := "ticket_ext".ticket_guard_place(target, token_column, path, 'unguard_ticket_tokens');
BEGIN
    IF place ->> 'drops' IS NOT NULL THEN
        PERFORM "ticket_ext".ticket_lock_table(place, 'drop');
        place := "ticket_ext".ticket_guard_place(target, token_column, path, 'unguard_ticket_tokens');
    END IF;
    IF place ->> 'drops' IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE place ->> 'drops';
    RETURN true;
END
$$;
COMMENT ON FUNCTION "ticket_ext".ticket_take_guard_off(regclass, name, text) IS 'Takes the guard off, by the search_path of the caller';
-- The functions that people call, as the extension has them. Each hands the search_path of its caller on, by which the
-- table of a setting is looked up and the triggers of the target run.

CREATE FUNCTION "ticket_ext".rotate_ticket_tokens(
    after_id bigint, batch integer, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_rotate($1, $2, $3, $4, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".start_ticket_rotation(
    target regclass DEFAULT NULL, token_column name DEFAULT NULL, ranges integer DEFAULT NULL,
        key_column name DEFAULT NULL,
    format text DEFAULT NULL, fill_null boolean DEFAULT false, force boolean DEFAULT false
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_start($1, $2, $3, $4, $5, $6, $7, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".pause_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT "ticket_ext".ticket_change_state($1, $2, pg_catalog.current_setting('search_path'), 'paused',
        '{active,paused}')
$$;

CREATE FUNCTION "ticket_ext".resume_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT "ticket_ext".ticket_change_state($1, $2, pg_catalog.current_setting('search_path'), 'active',
        '{active,paused}')
$$;

CREATE FUNCTION "ticket_ext".cancel_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT "ticket_ext".ticket_change_state(
        $1, $2, pg_catalog.current_setting('search_path'), 'cancelled', '{active,paused,cancelled}')
$$;

CREATE FUNCTION "ticket_ext".sweep_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_reopen($1, $2, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".tune_ticket_rotation(
    batch_time interval DEFAULT NULL, nice double precision DEFAULT NULL, workers integer DEFAULT NULL,
    target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_tune($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".note_ticket_rotation_wait(
    waiting_for text, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_note_wait($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".forget_ticket_rotation(run_id bigint) RETURNS bigint
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_forget($1) $$;

CREATE FUNCTION "ticket_ext".verify_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS TABLE (
    run_id bigint, state text, verified boolean, started_at timestamptz, finished_at timestamptz,
    tickets_rotated bigint, tickets_swept bigint, ledger_gaps bigint, old_tokens bigint, old_token_keys text[],
    not_rotated bigint, not_rotated_keys text[], created_since bigint, without_token bigint, duplicate_tokens bigint
)
LANGUAGE sql
AS $$ SELECT * FROM "ticket_ext".ticket_verify($1, $2, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".trace_ticket_token(token text, target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS TABLE (state text, key text, run_id bigint, retired_at timestamptz)
LANGUAGE sql
AS $$
    SELECT * FROM "ticket_ext".ticket_trace_token($1, $2, $3,
        pg_catalog.current_setting('search_path')) WHERE $1 IS NOT NULL
    UNION ALL
    SELECT 'unknown', NULL, NULL, NULL WHERE $1 IS NULL
$$;

CREATE FUNCTION "ticket_ext".trace_ticket_digests(digests bigint[], target regclass DEFAULT NULL,
    token_column name DEFAULT NULL)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE sql
AS $$ SELECT * FROM "ticket_ext".ticket_trace_digests($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".guard_ticket_tokens(
    target regclass DEFAULT NULL, token_column name DEFAULT NULL, action text DEFAULT 'keep'
) RETURNS boolean
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_put_guard_on($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION "ticket_ext".unguard_ticket_tokens(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS boolean
LANGUAGE sql
AS $$ SELECT "ticket_ext".ticket_take_guard_off($1, $2, pg_catalog.current_setting('search_path')) $$;
-- The guard: what it has held off, and where it stands.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Writes are added, not counted up in a row: sessions that are held off at the same time do not wait for each other,
-- and an old snapshot makes it no slower. Now and then a session folds the newest rows into one.
CREATE TABLE "ticket_ext".ticket_rotation_held_off (
    run_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    process integer NOT NULL DEFAULT pg_backend_pid(),
    key text NOT NULL,
    writes bigint NOT NULL DEFAULT 1 CHECK (writes > 0),
    PRIMARY KEY (run_id, at, process)
);

COMMENT ON TABLE "ticket_ext".ticket_rotation_held_off IS 'Writes of retired tokens that the guard held off';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_held_off.run_id IS 'The run that had retired the token (no foreign key: a parallel restore may load this table first)';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_held_off.at IS 'When the last of them was held off';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_held_off.process IS 'The server process whose write it was';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_held_off.key IS 'Key of the ticket that it was about';
COMMENT ON COLUMN "ticket_ext".ticket_rotation_held_off.writes IS 'How many there were';
COMMENT ON INDEX "ticket_ext".ticket_rotation_held_off_pkey IS 'Finds the last one of a run';


CREATE FUNCTION "ticket_ext".ticket_rotation_held_off_totals(
    run_id bigint,
    OUT held_off bigint,
    OUT held_off_key text,
    OUT held_off_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT counted.writes, last.key, last.at
    FROM (SELECT coalesce(sum(writes), 0)::bigint AS writes
          FROM "ticket_ext".ticket_rotation_held_off AS held WHERE held.run_id = $1) AS counted
    LEFT JOIN (SELECT key, at
               FROM "ticket_ext".ticket_rotation_held_off AS held WHERE held.run_id = $1
               ORDER BY at DESC
               LIMIT 1) AS last ON true
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_rotation_held_off_totals(bigint) IS 'Part of batch_progress: how many writes the guard held off, and the last of them';

-- A trigger depends on the columns that its condition names.
CREATE VIEW "ticket_ext".ticket_guard AS
SELECT tgrelid::regclass AS target,
       attname AS token_column,
       max(rtrim(encode(tgargs, 'escape'), '\0')) AS action,
       bool_and(NOT EXISTS (
           SELECT FROM pg_trigger AS part
           WHERE part.tgfoid = own.tgfoid
             AND part.tgrelid IN (SELECT own.tgrelid UNION SELECT relid FROM pg_partition_tree(own.tgrelid))
             AND part.tgname = own.tgname
             AND part.tgenabled <> 'A')) AS enabled
FROM pg_trigger AS own
JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = own.oid
    AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid > 0
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
WHERE tgfoid = '"ticket_ext".ticket_guard()'::regprocedure
  AND tgparentid = 0
GROUP BY tgrelid, attname;

COMMENT ON VIEW "ticket_ext".ticket_guard IS 'Guarded token columns, one row each';
COMMENT ON COLUMN "ticket_ext".ticket_guard.target IS 'The guarded table, with its partitions';
COMMENT ON COLUMN "ticket_ext".ticket_guard.token_column IS 'The guarded column';
COMMENT ON COLUMN "ticket_ext".ticket_guard.action IS 'What becomes of a write that would bring back a retired token: keep (it keeps the live one) or refuse';
COMMENT ON COLUMN "ticket_ext".ticket_guard.enabled IS 'Whether the guard''s triggers fire in every session; not after ALTER TABLE ... DISABLE TRIGGER';

REVOKE ALL ON "ticket_ext".ticket_rotation_held_off, "ticket_ext".ticket_guard FROM PUBLIC;

SET LOCAL search_path TO "ticket_ext", pg_temp;
-- Progress in the manner of the pg_stat_progress_* views. It reads the last ledger row of each range, and the last
-- batches for the rate, so it costs the same whatever the length of the ledger.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- The rate is that of the last 30 seconds, in at most 1000 batches: long enough to level out single batches, short
-- enough to follow a change of load within a minute. The driver's own estimate, for its bar, weighs the last
-- 15 seconds more (rate.rs of the driver). Without statistics of a young ledger the planner would sort all of it.
CREATE FUNCTION "ticket_ext".ticket_rotation_totals(
    run_id bigint,
    OUT last_id bigint,
    OUT tickets bigint,
    OUT ranges_left bigint,
    OUT last_batch_at timestamptz,
    OUT rate double precision
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
    SELECT done.last_id, done.tickets + swept.tickets, done.ranges_left, latest.finished_at, recent.rate
    FROM (SELECT max(batch.last_id) AS last_id,
                 coalesce(sum(batch.range_tickets), 0)::bigint AS tickets,
                 count(*) FILTER (WHERE rotated_at IS NULL) AS ranges_left
          FROM "ticket_ext".ticket_rotation_range AS range
          LEFT JOIN LATERAL (
              SELECT batch.last_id, range_tickets
              FROM "ticket_ext".ticket_rotation_batch AS batch
              WHERE batch.run_id = $1 AND batch.sweep = 0 AND batch.last_id BETWEEN range.first_id AND range.last_id
              ORDER BY batch.last_id DESC
              LIMIT 1
          ) AS batch ON true
          WHERE range.run_id = $1) AS done,
         (SELECT coalesce(sum(tickets), 0)::bigint AS tickets
          FROM "ticket_ext".ticket_rotation_batch AS batch
          WHERE batch.run_id = $1 AND sweep > 0) AS swept,
         (SELECT max(finished_at) AS finished_at
          FROM "ticket_ext".ticket_rotation_batch AS batch
          WHERE batch.run_id = $1) AS latest,
         (SELECT sum(tickets) / nullif(extract(epoch FROM max(finished_at) - min(started_at)), 0)::float8 AS rate
          FROM (SELECT tickets, started_at, finished_at
                FROM "ticket_ext".ticket_rotation_batch AS batch
                WHERE batch.run_id = $1 AND finished_at > clock_timestamp() - interval '30 seconds'
                ORDER BY finished_at DESC
                LIMIT 1000) AS batch) AS recent
$$;

COMMENT ON FUNCTION "ticket_ext".ticket_rotation_totals(bigint) IS 'Part of batch_progress: what the ledger says of a run';

-- Names are looked up by subqueries: to plan as many joins would take longer than all the rest.
CREATE VIEW "ticket_ext".batch_progress AS
SELECT run.run_id,
       -- The number of a table that was dropped can be another table's after a restore.
       (SELECT run.target
        FROM pg_class AS class
        JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE class.oid = run.target
          AND quote_ident(namespace.nspname) || '.' || quote_ident(class.relname) = run.target_name) AS target,
       run.target_name,
       coalesce((SELECT attname
                 FROM pg_attribute
                 WHERE run.target::oid = run.target_oid
                   AND attrelid = run.target AND attnum = run.token_number AND NOT attisdropped),
                run.token_column) AS token_column,
       run.state,
       CASE WHEN run.state = 'active' THEN CASE WHEN ranges_left = 0 THEN 'sweeping' ELSE 'rotating' END END AS phase,
       totals.last_id,
       totals.tickets AS tickets_done,
       run.tickets_planned,
       CASE WHEN run.state = 'finished' OR totals.tickets >= run.tickets_planned THEN 100.00
            ELSE round(100.0 * totals.tickets / run.tickets_planned, 2)
       END AS percent,
       round(totals.rate::numeric, 1) AS tickets_per_second,
       CASE WHEN run.state = 'active' AND totals.rate > 0
            THEN make_interval(secs => round(greatest(run.tickets_planned - totals.tickets, 0) / totals.rate))
       END AS time_remaining,
       CASE WHEN run.state = 'active' AND control.waiting_at > clock_timestamp() - interval '30 seconds'
            THEN control.waiting_for
       END AS waiting_for,
       run.started_at,
       coalesce(run.finished_at, totals.last_batch_at, run.started_at) AS updated_at,
       totals.last_batch_at,
       run.finished_at,
       totals.ranges_left,
       control.batch_time,
       control.nice,
       control.workers,
       guard.held_off,
       guard.held_off_key,
       guard.held_off_at,
       coalesce((SELECT attname
                 FROM pg_attribute
                 WHERE run.target::oid = run.target_oid
                   AND attrelid = run.target AND attnum = run.key_number AND NOT attisdropped),
                run.key_column) AS key_column,
       run.token_format,
       run.without_token
FROM "ticket_ext".ticket_rotation AS run
LEFT JOIN "ticket_ext".ticket_rotation_control AS control USING (run_id)
CROSS JOIN LATERAL "ticket_ext".ticket_rotation_totals(run.run_id) AS totals
CROSS JOIN LATERAL "ticket_ext".ticket_rotation_held_off_totals(run.run_id) AS guard;

COMMENT ON VIEW "ticket_ext".batch_progress IS 'Progress of every run, one row each';
COMMENT ON COLUMN "ticket_ext".batch_progress.run_id IS 'Number of the run';
COMMENT ON COLUMN "ticket_ext".batch_progress.target IS 'The table whose tokens are rotated; NULL if it has another name than the run knows it by';
COMMENT ON COLUMN "ticket_ext".batch_progress.target_name IS 'The name that the run knows it by';
COMMENT ON COLUMN "ticket_ext".batch_progress.token_column IS 'The column whose tokens are rotated';
COMMENT ON COLUMN "ticket_ext".batch_progress.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN "ticket_ext".batch_progress.phase IS 'Of an active run: rotating, or sweeping once all ranges are rotated';
COMMENT ON COLUMN "ticket_ext".batch_progress.last_id IS 'Highest key that a batch has reached';
COMMENT ON COLUMN "ticket_ext".batch_progress.tickets_done IS 'Tickets that have a new token';
COMMENT ON COLUMN "ticket_ext".batch_progress.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN "ticket_ext".batch_progress.percent IS 'Tickets done of tickets planned, at most 100';
COMMENT ON COLUMN "ticket_ext".batch_progress.tickets_per_second IS 'Rate over the last 30 seconds; NULL if no batch was committed in them';
COMMENT ON COLUMN "ticket_ext".batch_progress.time_remaining IS 'Estimate from that rate; NULL unless the run is active and has a rate';
COMMENT ON COLUMN "ticket_ext".batch_progress.waiting_for IS 'Why a driver of the active run starts no batch, as said within the last 30 seconds';
COMMENT ON COLUMN "ticket_ext".batch_progress.started_at IS 'When the run started';
COMMENT ON COLUMN "ticket_ext".batch_progress.updated_at IS 'When the last batch was committed, or the run ended';
COMMENT ON COLUMN "ticket_ext".batch_progress.last_batch_at IS 'When the last batch was committed';
COMMENT ON COLUMN "ticket_ext".batch_progress.finished_at IS 'When the run finished or was cancelled';
COMMENT ON COLUMN "ticket_ext".batch_progress.ranges_left IS 'Ranges that sessions can still rotate side by side';
COMMENT ON COLUMN "ticket_ext".batch_progress.batch_time IS 'As tuned: how long a batch should take; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".batch_progress.nice IS 'As tuned: how many times as long as a batch took a worker rests after it; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".batch_progress.workers IS 'As tuned: connections of each driver; NULL: as each driver was told by its options';
COMMENT ON COLUMN "ticket_ext".batch_progress.held_off IS 'Writes of tokens that this run had retired, which the guard held off';
COMMENT ON COLUMN "ticket_ext".batch_progress.held_off_key IS 'Key of the ticket that the last of them was about';
COMMENT ON COLUMN "ticket_ext".batch_progress.held_off_at IS 'When the last of them was held off';
COMMENT ON COLUMN "ticket_ext".batch_progress.key_column IS 'The column that orders the tickets';
COMMENT ON COLUMN "ticket_ext".batch_progress.token_format IS 'What new tokens look like';
COMMENT ON COLUMN "ticket_ext".batch_progress.without_token IS 'Tickets without a token when the run started';

REVOKE ALL ON "ticket_ext".batch_progress FROM PUBLIC;

SET LOCAL search_path TO "ticket_ext", pg_temp;
-- The loop with a COMMIT after each batch, for psql and pg_cron. A batch that finds tickets locked for too long, moved
-- to another partition, or a short token taken, is tried again with half its size, for up to five minutes without
-- progress; each success lets it grow back. It runs by its caller's search_path, since a procedure that commits can
-- have none of its own: all names are qualified.

CREATE PROCEDURE "ticket_ext".rotate_all_tickets(
    batch pg_catalog.int4 DEFAULT 5000,
    max_duration pg_catalog.interval DEFAULT NULL,
    target pg_catalog.regclass DEFAULT NULL,
    token_column pg_catalog.name DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
    deadline pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) max_duration;
    give_up_at pg_catalog.timestamptz;
    size pg_catalog.int8 := batch;
    last_id pg_catalog.int8;
BEGIN
    LOOP
        BEGIN
            last_id := "ticket_ext".rotate_ticket_tokens(NULL, size::pg_catalog.int4, target, token_column);
            give_up_at := NULL;
            size := least(batch::pg_catalog.int8,
                          size OPERATOR(pg_catalog.+) (size OPERATOR(pg_catalog./) 8::pg_catalog.int8)
                               OPERATOR(pg_catalog.+) 1::pg_catalog.int8);
        EXCEPTION WHEN lock_not_available OR serialization_failure THEN
            give_up_at := coalesce(give_up_at, pg_catalog.clock_timestamp()
                                               OPERATOR(pg_catalog.+) '5 minutes'::pg_catalog.interval);
            IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>) give_up_at THEN
                RAISE;
            END IF;
            size := greatest(size OPERATOR(pg_catalog./) 2::pg_catalog.int8, least(batch, 50)::pg_catalog.int8);
            PERFORM pg_catalog.pg_sleep(0.1::pg_catalog.float8);
        END;
        COMMIT;
        EXIT WHEN last_id IS NULL AND give_up_at IS NULL
               OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) deadline;
    END LOOP;
END
$$;
-- Where a batch starts and ends is no reason for another plan, and to plan its UPDATE takes as long as several tickets.
-- To compile the one scan of a sweep would cost the session 10 MB for good.
ALTER FUNCTION rotate_ticket_tokens(bigint, integer, regclass, name)
    SET plan_cache_mode = force_generic_plan
    SET jit = off;
-- What the functions are for, and who may call them. A rotator gets EXECUTE by sql/roles.sql; what a function changes
-- is further checked by the privileges on the target. Those of the guard are public: they ask for the owner of the
-- table.

COMMENT ON FUNCTION rotate_ticket_tokens(bigint, integer, regclass, name) IS
    'Rotates and checkpoints the next batch of tickets above after_id, returns the last id; NULL when none is left';
COMMENT ON FUNCTION start_ticket_rotation(regclass, name, integer, name, text, boolean, boolean) IS
    'Starts a new run, divided into ranges that sessions can rotate side by side (NULL: as many as the size of the table asks for), returns its number';
COMMENT ON FUNCTION pause_ticket_rotation(regclass, name) IS
    'Pauses the run from the next batch on, returns its number';
COMMENT ON FUNCTION resume_ticket_rotation(regclass, name) IS
    'Lets a paused run go on, returns its number';
COMMENT ON FUNCTION cancel_ticket_rotation(regclass, name) IS
    'Ends the run before the next batch, for good, returns its number';
COMMENT ON FUNCTION sweep_ticket_rotation(regclass, name) IS
    'Opens the newest run again once it has finished, for another sweep: rotate_ticket_tokens then rotates the tickets whose old token has come back, and no others; returns its number';
COMMENT ON FUNCTION tune_ticket_rotation(interval, double precision, integer, regclass, name) IS
    'Changes how hard every driver of the run works, from its next batch on, returns its number; values that are NULL stay, and without any each driver does again as its options say';
COMMENT ON FUNCTION verify_ticket_rotation(regclass, name) IS
    'The evidence on the newest run: verified is true when it is finished, its ledger has no gaps, and no ticket was left out or has its old token back; NULL once the entries are forgotten';
COMMENT ON FUNCTION forget_ticket_rotation(bigint) IS
    'Drops the entries of a run that has ended, which take 16 bytes a ticket, and ends that of a table which was dropped, returns its number';
COMMENT ON FUNCTION trace_ticket_token(text, regclass, name) IS
    'Whose token it is or was: live with the keys of the tickets that have it, retired with the key, the run and the time of its batch, unknown; forgotten are runs whose entries are dropped';
COMMENT ON FUNCTION trace_ticket_digests(bigint[], regclass, name) IS
    'For drivers: the entries with these digests, of all runs of the target; a run whose entries are forgotten is a row without digest';
COMMENT ON FUNCTION guard_ticket_tokens(regclass, name, text) IS
    'Keeps tokens that any run has retired from coming back: a write that would bring one back keeps the live token (keep) or is an error (refuse). It holds in replicas and under session_replication_role = replica too; ALTER TABLE ... DISABLE TRIGGER switches it off. Returns whether anything was changed';
COMMENT ON FUNCTION unguard_ticket_tokens(regclass, name) IS
    'Takes the guard off, returns whether there was one';
COMMENT ON FUNCTION ticket_guard() IS
    'The guard''s trigger function, for guard_ticket_tokens';
COMMENT ON FUNCTION note_ticket_rotation_wait(text, regclass, name) IS
    'For drivers: shows in batch_progress what they wait for';
COMMENT ON FUNCTION ticket_key(uuid) IS 'The id of a uuid key, in ranges and ledger: its first 63 bits, which keep the order';
COMMENT ON FUNCTION ticket_token_digest(uuid) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its 16 bytes';
COMMENT ON FUNCTION ticket_token_digest(text) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its bytes';
COMMENT ON FUNCTION ticket_token_digest(bytea) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its bytes';
COMMENT ON FUNCTION new_ticket_token() IS
    'A version 4 UUID from the operating system''s random number generator';
COMMENT ON PROCEDURE rotate_all_tickets(integer, interval, regclass, name) IS
    'Rotates batch after batch, with a COMMIT after each, until none is left or max_duration has passed';

REVOKE EXECUTE ON FUNCTION
    rotate_ticket_tokens(bigint, integer, regclass, name),
    start_ticket_rotation(regclass, name, integer, name, text, boolean, boolean),
    pause_ticket_rotation(regclass, name),
    resume_ticket_rotation(regclass, name),
    cancel_ticket_rotation(regclass, name),
    sweep_ticket_rotation(regclass, name),
    tune_ticket_rotation(interval, double precision, integer, regclass, name),
    note_ticket_rotation_wait(text, regclass, name),
    verify_ticket_rotation(regclass, name),
    trace_ticket_token(text, regclass, name),
    trace_ticket_digests(bigint[], regclass, name),
    forget_ticket_rotation(bigint)
FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE rotate_all_tickets(integer, interval, regclass, name) FROM PUBLIC;
-- The owner of the database, who is no superuser on most servers, goes on being able to dump it.
DO $$
DECLARE
    reader pg_catalog.text := (SELECT rolname FROM pg_catalog.pg_roles
                               WHERE rolname OPERATOR(pg_catalog.=) 'pg_database_owner'::pg_catalog.name);
BEGIN
    IF reader IS NULL THEN
        SELECT pg_catalog.pg_get_userbyid(datdba) INTO reader FROM pg_catalog.pg_database
        WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
    END IF;
    EXECUTE pg_catalog.format(
        'GRANT SELECT ON "ticket_ext".ticket_rotation, "ticket_ext".ticket_rotation_range, "ticket_ext".ticket_rotation_batch,
                         "ticket_ext".ticket_rotation_control, "ticket_ext".ticket_rotation_held_off,
                         "ticket_ext".batch_progress, "ticket_ext".ticket_guard TO %I', reader);
    EXECUTE pg_catalog.format('GRANT SELECT ON SEQUENCE "ticket_ext".ticket_rotation_run_id_seq TO %I', reader);
END
$$;
INSERT INTO "ticket_ext".ticket_rotation_version (version, edition) VALUES ('0.1.0', 'plain');

COMMIT;
