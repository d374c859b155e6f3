-- Whether the current user owns table $1, its partitions, and how triggers that guard its column $2 are called
SELECT pg_has_role(relowner, 'USAGE') AS is_owner,
       ARRAY(SELECT relid::oid FROM pg_partition_tree($1) WHERE relid <> $1 ORDER BY relid) AS partitions,
       quote_ident(('~ticket_guard_insert_' || $2)::name::text) AS insert_trigger,
       quote_ident(('~ticket_guard_update_' || $2)::name::text) AS update_trigger
FROM pg_class
WHERE oid = $1
