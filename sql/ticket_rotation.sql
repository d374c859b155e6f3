-- ticket_ext 0.1.0, the plain-SQL edition: regenerates the leaked tokens of a live table, exactly once each.
-- Made by: rotate-driver setup --print
--
-- Run it as the owner of the table, in the table's database, on PostgreSQL 13 or later: by psql, by a migration tool, or
-- in an SQL console. It is one transaction, with all of it or nothing; a tool that has one around each migration does
-- without the BEGIN below and the COMMIT at the end. Whoever rotates has to be its owner, or a member of that role.

BEGIN;

-- One setup at a time, for as long as its transaction lasts. Literals are read as standard SQL has them.
SET LOCAL lock_timeout = '10s';
SET LOCAL standard_conforming_strings = on;
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

-- The plain-SQL edition of ticket_ext: for servers where no compiled extension can be installed.
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
    system_identifier bigint NOT NULL,
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
COMMENT ON COLUMN "ticket_ext".ticket_rotation.system_identifier IS 'The database cluster that the transaction ids belong to';
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
INSERT INTO "ticket_ext".ticket_rotation_version (version, edition) VALUES ('0.1.0', 'plain');

COMMIT;
