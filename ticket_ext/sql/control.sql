-- How a run is steered: what was tuned while it goes on, and what its drivers wait for.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE @extschema@.ticket_rotation_control (
    run_id bigint PRIMARY KEY,
    batch_time interval CHECK (batch_time BETWEEN '10 ms' AND '60 s'),
    nice double precision CHECK (nice BETWEEN 0 AND 100),
    workers integer CHECK (workers BETWEEN 1 AND 64),
    tuned_at timestamptz,
    waiting_for text,
    waiting_at timestamptz
);

COMMENT ON TABLE @extschema@.ticket_rotation_control IS 'Steering: at most one row per run, of what was tuned and what its drivers wait for';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.run_id IS 'The run (no foreign key: a parallel restore may load this table first)';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.batch_time IS 'How long a batch should take; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.nice IS 'How many times as long as a batch took a worker rests after it; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.workers IS 'Connections of each driver; NULL: as each driver was told by its options';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.tuned_at IS 'When the run was tuned last';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.waiting_for IS 'Why a driver starts no batch; NULL: it does';
COMMENT ON COLUMN @extschema@.ticket_rotation_control.waiting_at IS 'When a driver said so last: it repeats it every 10 seconds while it waits';
COMMENT ON INDEX @extschema@.ticket_rotation_control_pkey IS 'Finds the row of a run';

REVOKE ALL ON @extschema@.ticket_rotation_control FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_control', '');

SET LOCAL search_path TO @extschema@, pg_temp;
