-- As much of a node of Citus as a shard needs: where shards are, and their locks.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_local_group (groupid integer);
CREATE TABLE pg_catalog.pg_dist_partition (
    logicalrelid regclass,
    colocationid integer,
    partmethod "char" DEFAULT 'h',
    repmodel "char" DEFAULT 's'
);
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass, shardid bigint, shardminvalue text);
CREATE TABLE pg_catalog.pg_dist_placement (shardid bigint, shardstate integer, groupid integer);
CREATE FUNCTION pg_catalog.shard_name(regclass, bigint) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT relname || '_' || $2 FROM pg_class WHERE oid = $1 $$;
CREATE FUNCTION pg_catalog.lock_shard_metadata(integer, bigint[]) RETURNS void LANGUAGE sql
    AS $$ SELECT pg_advisory_xact_lock_shared($2[1]) $$;
RESET allow_system_table_mods;

CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL);
CREATE TABLE ticket_shard_ledger_1 (shard_key bigint);
INSERT INTO pg_dist_partition VALUES ('ticket', 1), ('ticket_shard_ledger_1', 1);
INSERT INTO pg_dist_shard VALUES ('ticket', 7, '0'), ('ticket_shard_ledger_1', 8, '0');
