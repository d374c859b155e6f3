-- Parts of the target that hold rows and were never analyzed: PostgreSQL 14 and later mark them.
SELECT pg_catalog.format(
           'table %s was never analyzed, so that the server plans without knowing it: ANALYZE %1$s;',
           oid::pg_catalog.regclass) AS text
FROM pg_catalog.pg_class
WHERE relkind OPERATOR(pg_catalog.=) 'r'
  AND reltuples OPERATOR(pg_catalog.<) 0
  AND pg_catalog.pg_relation_size(oid) OPERATOR(pg_catalog.>) 0
  AND oid OPERATOR(pg_catalog.=) ANY (
      SELECT $1
      UNION
      SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass))
ORDER BY oid
