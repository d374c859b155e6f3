-- Where shard $1 is, and the name of table $2 if it is a ledger of it: a shard of a table of the extension's owner ($3)
-- in the extension's schema, colocated with the target, of the same hashes
SELECT (SELECT groupid FROM pg_dist_local_group) AS group_id,
       (SELECT system_identifier FROM @extschema@.ticket_cluster()) AS system_identifier,
       EXISTS (SELECT FROM pg_dist_placement JOIN pg_dist_local_group USING (groupid)
               WHERE shardid = $1 AND shardstate = 1) AS is_here,
       (SELECT count(*) FROM pg_dist_placement WHERE shardid = $1) = 1 AS is_single,
       (SELECT format('%I.%I', nspname, own.relname)
        FROM pg_class AS own
        JOIN pg_namespace ON pg_namespace.oid = own.relnamespace
        JOIN pg_dist_shard AS part ON part.shardid = substring(own.relname FROM '_(\d{1,18})$')::bigint
        JOIN pg_class AS whole ON whole.oid = part.logicalrelid
        JOIN pg_dist_partition AS ledger ON ledger.logicalrelid = part.logicalrelid
        JOIN pg_dist_shard AS shard ON shard.shardid = $1 AND shard.shardminvalue = part.shardminvalue
        JOIN pg_dist_partition AS target ON target.logicalrelid = shard.logicalrelid
        WHERE own.oid = $2 AND own.relowner = $3 AND own.relnamespace = '@extschema@'::regnamespace
          AND own.relname = whole.relname || '_' || part.shardid AND whole.relname ~ '^ticket_shard_ledger_\d+$'
          AND whole.relnamespace = own.relnamespace
          AND target.colocationid = ledger.colocationid) AS ledger
