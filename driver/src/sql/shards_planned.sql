-- As shards_ranges.sql, of when the run was planned
SELECT shard_id AS shard,
       (record OPERATOR(pg_catalog.->>) 'first')::bigint AS first,
       (record OPERATOR(pg_catalog.->>) 'last')::bigint AS last
FROM @ledger@
WHERE sweep OPERATOR(pg_catalog.<) 0
