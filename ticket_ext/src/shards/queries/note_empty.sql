UPDATE @ledger@ SET record = record || '{"state": "empty"}' WHERE shard_id = $1 AND sweep = -1
