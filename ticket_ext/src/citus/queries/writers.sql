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
