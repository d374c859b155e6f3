-- The data model: a run, the ranges it is divided into, and the ledger of its batches.

CREATE TABLE ticket_rotation (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target regclass NOT NULL,
    target_name text NOT NULL,
    token_column name NOT NULL,
    state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'paused', 'cancelled', 'finished')),
    upper_id bigint NOT NULL,
    horizon xid8 NOT NULL,
    system_identifier bigint NOT NULL,
    tickets_planned bigint NOT NULL CHECK (tickets_planned >= 0),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CHECK ((finished_at IS NULL) = (state IN ('active', 'paused')))
);

CREATE INDEX ticket_rotation_target ON ticket_rotation (target, token_column, run_id);
CREATE UNIQUE INDEX ticket_rotation_unfinished ON ticket_rotation (target, token_column)
    WHERE finished_at IS NULL;

COMMENT ON TABLE ticket_rotation IS 'Runs: one row per rotation of a table''s token column';
COMMENT ON COLUMN ticket_rotation.run_id IS 'Number of the run';
COMMENT ON COLUMN ticket_rotation.target IS 'The table whose tokens are rotated';
COMMENT ON COLUMN ticket_rotation.target_name IS 'Schema and name of the table when the run started, kept as evidence once it is dropped';
COMMENT ON COLUMN ticket_rotation.token_column IS 'The column whose tokens are rotated';
COMMENT ON COLUMN ticket_rotation.state IS 'active, paused, cancelled or finished';
COMMENT ON COLUMN ticket_rotation.upper_id IS 'Highest ticket id when the run started: tickets above it are not part of the run';
COMMENT ON COLUMN ticket_rotation.horizon IS 'First transaction id that was unused when the run started: what an older transaction wrote may have been invisible to its batch';
COMMENT ON COLUMN ticket_rotation.system_identifier IS 'The database cluster that the transaction ids belong to';
COMMENT ON COLUMN ticket_rotation.tickets_planned IS 'Tickets in the table when the run started';
COMMENT ON COLUMN ticket_rotation.started_at IS 'When the run started';
COMMENT ON COLUMN ticket_rotation.finished_at IS 'When the run finished or was cancelled';
COMMENT ON SEQUENCE ticket_rotation_run_id_seq IS 'Numbers the runs';
COMMENT ON INDEX ticket_rotation_target IS 'Finds the newest run of a table';
COMMENT ON INDEX ticket_rotation_unfinished IS 'Allows a token column one unfinished run at a time';

CREATE TABLE ticket_rotation_range (
    run_id bigint NOT NULL,
    after_id bigint NOT NULL,
    upper_id bigint NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (run_id, after_id),
    CHECK (after_id < upper_id)
);

COMMENT ON TABLE ticket_rotation_range IS 'Ranges: the disjoint intervals of ids that a run is divided into; a batch locks the row of its range';
COMMENT ON COLUMN ticket_rotation_range.run_id IS 'The run (no foreign key: a parallel restore may load the ranges first)';
COMMENT ON COLUMN ticket_rotation_range.after_id IS 'The range starts above this id';
COMMENT ON COLUMN ticket_rotation_range.upper_id IS 'The range ends with this id';
COMMENT ON COLUMN ticket_rotation_range.finished_at IS 'When the last batch of the range was rotated';
COMMENT ON INDEX ticket_rotation_range_pkey IS 'Ranges of a run in id order';

CREATE TABLE ticket_rotation_batch (
    run_id bigint NOT NULL,
    after_id bigint NOT NULL,
    last_id bigint NOT NULL,
    sweep boolean NOT NULL DEFAULT false,
    tickets bigint NOT NULL CHECK (tickets >= 0),
    ids bigint[],
    digests bigint[],
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, last_id, sweep),
    CHECK (after_id < last_id)
);

COMMENT ON TABLE ticket_rotation_batch IS 'The ledger: one row per committed batch, written in the transaction of the batch and never changed';
COMMENT ON COLUMN ticket_rotation_batch.run_id IS 'The run (no foreign key: a parallel restore may load the batches first, and each batch would lock the run''s row)';
COMMENT ON COLUMN ticket_rotation_batch.after_id IS 'The batch starts above this id';
COMMENT ON COLUMN ticket_rotation_batch.last_id IS 'The batch ends with this id; the highest one within a range is its checkpoint';
COMMENT ON COLUMN ticket_rotation_batch.sweep IS 'Whether it is the sweep before the end of the run, for tickets that were in flight when their batch ran';
COMMENT ON COLUMN ticket_rotation_batch.ids IS 'Ids of the tickets, kept while transactions older than the run are in progress: any other ticket in the interval was in flight';
COMMENT ON COLUMN ticket_rotation_batch.digests IS 'Hashes of the new tokens, kept while transactions older than the run are in progress: they tell a rotated ticket that such a transaction rewrites from one that it inserted';
COMMENT ON COLUMN ticket_rotation_batch.tickets IS 'Tickets that got a new token';
COMMENT ON COLUMN ticket_rotation_batch.transaction_id IS 'The transaction that rotated the batch';
COMMENT ON COLUMN ticket_rotation_batch.started_at IS 'Clock time at the start of the batch';
COMMENT ON COLUMN ticket_rotation_batch.finished_at IS 'Clock time at the end of the batch';
COMMENT ON INDEX ticket_rotation_batch_pkey IS 'Finds the checkpoint of a range, and keeps a batch from being recorded twice';

REVOKE ALL ON ticket_rotation, ticket_rotation_range, ticket_rotation_batch FROM PUBLIC;

SELECT pg_extension_config_dump('ticket_rotation', '');
SELECT pg_extension_config_dump('ticket_rotation_run_id_seq', '');
SELECT pg_extension_config_dump('ticket_rotation_range', '');
SELECT pg_extension_config_dump('ticket_rotation_batch', '');
