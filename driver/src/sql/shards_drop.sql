DELETE FROM @ledger@ WHERE shard_id OPERATOR(pg_catalog.=) $1
