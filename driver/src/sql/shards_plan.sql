INSERT INTO @schema@.ticket_rotation_shards (run, target, token_column, ledger, shards)
SELECT $1, $2::pg_catalog.oid::pg_catalog.regclass, $3::pg_catalog.text::pg_catalog.name, $4,
       pg_catalog.array_agg(shardid ORDER BY shardid)
FROM pg_catalog.pg_dist_shard
WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $2
RETURNING shards
