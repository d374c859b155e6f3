-- The shards of table $1, and which hashes each has
SELECT shardid AS shard, shardminvalue::bigint AS first, shardmaxvalue::bigint AS last
FROM pg_catalog.pg_dist_shard
WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1
ORDER BY shardminvalue::bigint
