-- Whether keys of tickets that shard $1 had rotated can repeat
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS repeats
FROM @ledger@
WHERE shard_id OPERATOR(pg_catalog.=) $1 AND new_digests IS NOT NULL
