-- The newest run of the shards of table $1 and its column $2
SELECT run, ledger, shards, finished_at IS NOT NULL AS finished
FROM @schema@.ticket_rotation_shards
WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) $1
  AND token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
ORDER BY run DESC
LIMIT 1
