-- The shards of table $1, the shard of each in its ledger, the table with the name $2, and the node that has both.
-- Citus leaves the schema out of their names where it is public.
WITH class AS (
    SELECT oid,
           CASE WHEN relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace('public')::pg_catalog.oid
                THEN 'public.' ELSE '' END AS prefix
    FROM pg_catalog.pg_class
)
SELECT shard.shardid AS shard,
       of_target.prefix OPERATOR(pg_catalog.||) pg_catalog.shard_name(shard.logicalrelid, shard.shardid) AS name,
       of_ledger.prefix OPERATOR(pg_catalog.||) pg_catalog.shard_name(part.logicalrelid, part.shardid) AS ledger,
       node.nodename AS node,
       node.nodeport AS port
FROM class AS of_target
JOIN pg_catalog.pg_dist_shard AS shard ON shard.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) of_target.oid
JOIN pg_catalog.pg_dist_placement AS placement ON placement.shardid OPERATOR(pg_catalog.=) shard.shardid
    AND placement.shardstate OPERATOR(pg_catalog.=) 1
JOIN pg_catalog.pg_dist_node AS node ON node.groupid OPERATOR(pg_catalog.=) placement.groupid
    AND node.noderole OPERATOR(pg_catalog.=) 'primary'::pg_catalog.noderole
JOIN class AS of_ledger
    ON of_ledger.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2)::pg_catalog.oid
JOIN pg_catalog.pg_dist_shard AS part ON part.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) of_ledger.oid
    AND part.shardminvalue OPERATOR(pg_catalog.=) shard.shardminvalue
WHERE of_target.oid OPERATOR(pg_catalog.=) $1
ORDER BY shard.shardid
