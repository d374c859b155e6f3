-- What Citus knows of table $1, and whether this role is the extension's owner
SELECT partition.partmethod OPERATOR(pg_catalog.=) 'h'::"char" AS is_hashed,
       (SELECT groupid OPERATOR(pg_catalog.=) 0 FROM pg_catalog.pg_dist_local_group) AS is_coordinator,
       class.relkind OPERATOR(pg_catalog.=) 'r'::"char" AS is_plain,
       EXISTS (SELECT FROM pg_catalog.pg_dist_shard AS shard
               WHERE shard.logicalrelid OPERATOR(pg_catalog.=) partition.logicalrelid
                 AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_dist_placement AS placement
                      WHERE placement.shardid OPERATOR(pg_catalog.=) shard.shardid) OPERATOR(pg_catalog.<>) 1)
           AS is_replicated,
       pg_catalog.format('%I.%I', namespace.nspname, class.relname) AS name,
       pg_catalog.format_type(key.atttypid, key.atttypmod) AS key_type,
       CASE WHEN key.attcollation OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
            THEN (SELECT pg_catalog.format(' COLLATE %I.%I', owner.nspname, sort_order.collname)
                  FROM pg_catalog.pg_collation AS sort_order
                  JOIN pg_catalog.pg_namespace AS owner ON owner.oid OPERATOR(pg_catalog.=) sort_order.collnamespace
                  WHERE sort_order.oid OPERATOR(pg_catalog.=) key.attcollation)
            ELSE '' END AS key_collation,
       key.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.uuid'::pg_catalog.regtype AS is_uuid,
       key.atttypid OPERATOR(pg_catalog.=) ANY (ARRAY['smallint', 'integer', 'bigint', 'uuid', 'text', 'varchar']
                                               ::pg_catalog.regtype[]) AS is_known_type,
       CASE WHEN key.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.int2'::pg_catalog.regtype::pg_catalog.oid THEN 32767
            WHEN key.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.int4'::pg_catalog.regtype::pg_catalog.oid
            THEN 2147483647
            ELSE 9223372036854775807 END AS keys,
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(version.relowner)) AS owner,
       pg_catalog.pg_has_role(version.relowner, 'MEMBER') AS is_owner
FROM pg_catalog.pg_dist_partition AS partition
JOIN pg_catalog.pg_class AS class ON class.oid OPERATOR(pg_catalog.=) partition.logicalrelid::pg_catalog.oid
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) class.relnamespace
JOIN pg_catalog.pg_class AS version
    ON version.oid OPERATOR(pg_catalog.=) '@schema@.ticket_rotation_version'::pg_catalog.regclass::pg_catalog.oid
LEFT JOIN pg_catalog.pg_attribute AS key ON key.attrelid OPERATOR(pg_catalog.=) class.oid
    AND key.attname OPERATOR(pg_catalog.=)
        pg_catalog.column_to_column_name(partition.logicalrelid, partition.partkey)::pg_catalog.name
WHERE partition.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1
