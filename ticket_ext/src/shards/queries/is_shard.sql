SELECT EXISTS (
    SELECT FROM pg_dist_shard
    JOIN pg_class AS whole ON whole.oid = logicalrelid AND whole.relnamespace = own.relnamespace
    WHERE shardid = substring(own.relname FROM '_(\d{1,18})$')::bigint
      AND shard_name(logicalrelid, shardid) IN (quote_ident(own.relname), format('%I.%I', nspname, own.relname)))
FROM pg_class AS own
JOIN pg_namespace ON pg_namespace.oid = own.relnamespace
WHERE own.oid = $1
