-- The data model: a run, the ranges it is divided into, and the ledger of its batches.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE @extschema@.ticket_rotation (
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

CREATE INDEX ticket_rotation_target ON @extschema@.ticket_rotation (target, run_id);
CREATE UNIQUE INDEX ticket_rotation_unfinished ON @extschema@.ticket_rotation (target, token_number)
    WHERE finished_at IS NULL;

COMMENT ON TABLE @extschema@.ticket_rotation IS 'Runs: one row per rotation of a table''s token column';
COMMENT ON COLUMN @extschema@.ticket_rotation.run_id IS 'Number of the run';
COMMENT ON COLUMN @extschema@.ticket_rotation.target IS 'The table whose tokens are rotated';
COMMENT ON COLUMN @extschema@.ticket_rotation.target_oid IS 'The number that the table had when the run started: another one in target says that it was restored';
COMMENT ON COLUMN @extschema@.ticket_rotation.target_name IS 'Schema and name of the table when the run started or was resumed, kept as evidence once it is dropped';
COMMENT ON COLUMN @extschema@.ticket_rotation.key_column IS 'The column that orders the tickets';
COMMENT ON COLUMN @extschema@.ticket_rotation.key_number IS 'Its number in the table, which it keeps under another name';
COMMENT ON COLUMN @extschema@.ticket_rotation.token_column IS 'The column whose tokens are rotated, as it was called when the run started or was resumed';
COMMENT ON COLUMN @extschema@.ticket_rotation.token_number IS 'Its number in the table, which it keeps under another name';
COMMENT ON COLUMN @extschema@.ticket_rotation.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN @extschema@.ticket_rotation.upper_id IS 'Highest key of the run: that of the table when the run started, or the last value of the sequence of its keys';
COMMENT ON COLUMN @extschema@.ticket_rotation.horizon IS 'First transaction id that was unused when the run started: before the sweep it waits for older transactions';
COMMENT ON COLUMN @extschema@.ticket_rotation.system_identifier IS 'The database cluster that the transaction ids belong to; NULL where the server does not tell';
COMMENT ON COLUMN @extschema@.ticket_rotation.ledger_identity IS 'Numbers of the ledger that a restore makes anew, for servers that do not tell their cluster';
COMMENT ON COLUMN @extschema@.ticket_rotation.sweep IS 'Number of the sweep at the end of the run';
COMMENT ON COLUMN @extschema@.ticket_rotation.sweep_horizon IS 'Transactions below this id had ended when the sweep began';
COMMENT ON COLUMN @extschema@.ticket_rotation.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN @extschema@.ticket_rotation.token_format IS 'What new tokens look like';
COMMENT ON COLUMN @extschema@.ticket_rotation.fill_null IS 'Whether tickets without a token get one';
COMMENT ON COLUMN @extschema@.ticket_rotation.without_token IS 'Tickets with NULL or an empty text for a token when the run started';
COMMENT ON COLUMN @extschema@.ticket_rotation.started_at IS 'When the run started';
COMMENT ON COLUMN @extschema@.ticket_rotation.finished_at IS 'When the run finished or was cancelled';
COMMENT ON COLUMN @extschema@.ticket_rotation.forgotten_at IS 'When the entries of the run were dropped';
COMMENT ON SEQUENCE @extschema@.ticket_rotation_run_id_seq IS 'Numbers the runs';
COMMENT ON INDEX @extschema@.ticket_rotation_pkey IS 'Finds a run';
COMMENT ON INDEX @extschema@.ticket_rotation_target IS 'Finds the newest run of a table';
COMMENT ON INDEX @extschema@.ticket_rotation_unfinished IS 'Allows a token column one unfinished run at a time';

CREATE TABLE @extschema@.ticket_rotation_range (
    run_id bigint NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    rotated_at timestamptz,
    swept_at timestamptz,
    PRIMARY KEY (run_id, first_id),
    CHECK (first_id <= last_id)
);

COMMENT ON TABLE @extschema@.ticket_rotation_range IS 'Ranges: the disjoint intervals of keys that a run is divided into; a batch locks the row of its range';
COMMENT ON COLUMN @extschema@.ticket_rotation_range.run_id IS 'The run (no foreign key: a parallel restore may load the ranges first)';
COMMENT ON COLUMN @extschema@.ticket_rotation_range.first_id IS 'The range starts with this key';
COMMENT ON COLUMN @extschema@.ticket_rotation_range.last_id IS 'The range ends with this key';
COMMENT ON COLUMN @extschema@.ticket_rotation_range.rotated_at IS 'When the last batch of the range was rotated';
COMMENT ON COLUMN @extschema@.ticket_rotation_range.swept_at IS 'When the range was found to hold no ticket that is due';
COMMENT ON INDEX @extschema@.ticket_rotation_range_pkey IS 'Ranges of a run in key order';

CREATE TABLE @extschema@.ticket_rotation_batch (
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
ALTER TABLE @extschema@.ticket_rotation_batch ALTER keys SET STORAGE EXTERNAL, ALTER digests SET STORAGE EXTERNAL,
    ALTER new_digests SET STORAGE EXTERNAL;
CREATE INDEX ticket_rotation_batch_finished ON @extschema@.ticket_rotation_batch (run_id, finished_at);

COMMENT ON TABLE @extschema@.ticket_rotation_batch IS 'The ledger: one row per committed batch, written in the transaction of the batch and never changed';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.run_id IS 'The run (no foreign key: a parallel restore may load the batches first, and each batch would lock the run''s row)';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.sweep IS '0 for a batch of the rotation, else the number of the sweep that it belongs to';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.first_id IS 'The batch starts with this key';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.last_id IS 'The batch ends with this key; the highest one within a range is its checkpoint';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.tickets IS 'Tickets that got a new token';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.range_tickets IS 'Tickets that got one in the range up to here: a running total, so that progress costs the same late in a run';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.keys IS 'Entries: the ids of these tickets, which are their keys, or of a uuid what ticket_key says; NULL once they are forgotten';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.digests IS 'Entries: digests of the tokens that were retired, the first 8 bytes of their SHA-256';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.new_digests IS 'Digests of the tokens that they got, where tickets can have an id in common; NULL where not';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.transaction_id IS 'The transaction that rotated the batch';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.started_at IS 'Clock time at the start of the batch';
COMMENT ON COLUMN @extschema@.ticket_rotation_batch.finished_at IS 'Clock time at the end of the batch';
COMMENT ON INDEX @extschema@.ticket_rotation_batch_pkey IS 'Finds the checkpoint of a range and the entry of a key, and keeps a batch from being recorded twice';
COMMENT ON INDEX @extschema@.ticket_rotation_batch_finished IS 'Finds the last batches, for the rate';

REVOKE ALL ON @extschema@.ticket_rotation, @extschema@.ticket_rotation_range, @extschema@.ticket_rotation_batch FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_range', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_batch', '');

SET LOCAL search_path TO @extschema@, pg_temp;
