-- How far shard $1 is, by its ledger
SELECT coalesce((record OPERATOR(pg_catalog.->>) 'done')::bigint, 0) AS done,
       (record OPERATOR(pg_catalog.->>) 'planned')::bigint AS planned
FROM @ledger@
WHERE shard_id OPERATOR(pg_catalog.=) $1 AND sweep OPERATOR(pg_catalog.<) 0
