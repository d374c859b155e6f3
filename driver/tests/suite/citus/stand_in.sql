-- What the extension asks of the catalog of Citus, for a table on this server alone, whose name and kind are filled in.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition AS
    SELECT 'ticket'::regclass AS logicalrelid, 'h'::"char" AS partmethod, 's'::"char" AS repmodel, 1 AS colocationid;
CREATE TABLE pg_catalog.pg_dist_local_group AS SELECT 0 AS groupid;
CREATE TABLE pg_catalog.pg_dist_shard AS
    SELECT 'ticket'::regclass AS logicalrelid, shardid FROM generate_series(102008, 102009) AS shardid;
CREATE TABLE pg_catalog.pg_dist_placement AS SELECT shardid, 1 AS groupid FROM pg_catalog.pg_dist_shard;
CREATE TABLE pg_catalog.pg_dist_node AS
    SELECT 1 AS nodeid, 1 AS groupid, 'worker'::text AS nodename, 5432 AS nodeport, 'primary'::text AS noderole;
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.pg_dist_local_group, pg_catalog.pg_dist_shard,
    pg_catalog.pg_dist_placement, pg_catalog.pg_dist_node TO PUBLIC;
CREATE FUNCTION pg_catalog.shard_name(regclass, bigint) RETURNS text LANGUAGE sql AS $$ SELECT $1::text || '_' || $2 $$;
CREATE FUNCTION pg_catalog.citus_backend_gpid() RETURNS bigint LANGUAGE sql AS 'SELECT 10000000001';
CREATE FUNCTION pg_catalog.master_run_on_worker(
    names text[], ports integer[], commands text[], parallel boolean,
    OUT node_name text, OUT node_port integer, OUT success boolean, OUT result text)
RETURNS SETOF record LANGUAGE sql AS $$ SELECT names[1], ports[1], true, '[]' $$;
CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, OUT nodeid integer, OUT success boolean, OUT result text)
RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1, true, '' $$;
