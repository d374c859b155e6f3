-- Runs that rotate each shard of a distributed table on its node. This table is written on the coordinator alone, in
-- the transaction that plans a run in the ledgers of all shards.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE @extschema@.ticket_rotation_shards (
    run integer PRIMARY KEY,
    target regclass NOT NULL,
    token_column name NOT NULL,
    ledger text NOT NULL,
    shards bigint[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);

CREATE UNIQUE INDEX ticket_rotation_shards_unfinished ON @extschema@.ticket_rotation_shards (target, token_column)
    WHERE finished_at IS NULL;

COMMENT ON TABLE @extschema@.ticket_rotation_shards IS 'Runs of distributed tables, whose shards are rotated each on its node: one row per run, on the coordinator';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.run IS 'Number of the run; those of its shards in the rotation tables of the nodes are others';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.target IS 'The distributed table whose tokens are rotated';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.token_column IS 'The column whose tokens are rotated';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.ledger IS 'The distributed table that holds the ledger of each shard, in the schema of the extension';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.shards IS 'The shards that the table had when the run was planned';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.started_at IS 'When the run was planned';
COMMENT ON COLUMN @extschema@.ticket_rotation_shards.finished_at IS 'When the run was found finished in all shards';
COMMENT ON INDEX @extschema@.ticket_rotation_shards_pkey IS 'Finds a run';
COMMENT ON INDEX @extschema@.ticket_rotation_shards_unfinished IS 'Allows a token column one unfinished run at a time';

REVOKE ALL ON @extschema@.ticket_rotation_shards FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_shards', '');

-- The owner of the database goes on being able to dump it.
DO $$
BEGIN
    EXECUTE pg_catalog.format(
        'GRANT SELECT ON @extschema@.ticket_rotation_shards TO %I',
        coalesce((SELECT rolname FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) 'pg_database_owner'::pg_catalog.name),
                 (SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database
                  WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())));
END
$$;

SET LOCAL search_path TO @extschema@, pg_temp;

ALTER FUNCTION rotate_ticket_shard(integer, regclass, regclass)
    SET plan_cache_mode = force_generic_plan
    SET jit = off;

COMMENT ON FUNCTION rotate_ticket_shard(integer, regclass, regclass) IS
    'For drivers, on the node that has the shard: rotates and checkpoints the next batch of its tickets, with what the ledger of the shard keeps of it; returns the last id, NULL when none is left';
COMMENT ON FUNCTION check_ticket_shard(regclass, regclass) IS
    'For drivers, on the node that has the shard: has the rotation tables of the node know the run of the shard, and returns its state: planned, active, finished, or empty where there was no ticket';

REVOKE EXECUTE ON FUNCTION
    rotate_ticket_shard(integer, regclass, regclass),
    check_ticket_shard(regclass, regclass)
FROM PUBLIC;
