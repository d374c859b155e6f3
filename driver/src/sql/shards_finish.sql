-- Run $1 has been found finished in the shards $3 of table $2; no row: it has others by now
UPDATE @schema@.ticket_rotation_shards SET finished_at = coalesce(finished_at, pg_catalog.clock_timestamp())
WHERE run OPERATOR(pg_catalog.=) $1 AND shards OPERATOR(pg_catalog.=) $3
  AND shards OPERATOR(pg_catalog.=) (SELECT pg_catalog.array_agg(shardid ORDER BY shardid)
                                     FROM pg_catalog.pg_dist_shard
                                     WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $2)
RETURNING run
