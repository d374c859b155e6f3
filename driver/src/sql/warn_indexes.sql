-- Indexes that get a new entry with each token and are no btree: those of words or of parts of a text take many times
-- as long.
SELECT pg_catalog.format(
           'index %s holds the token and is a %s index, which may take many times as long for each ticket as a btree',
           indexrelid::pg_catalog.regclass, amname) AS text
FROM pg_catalog.pg_index
JOIN pg_catalog.pg_class ON pg_class.oid OPERATOR(pg_catalog.=) indexrelid
JOIN pg_catalog.pg_am ON pg_am.oid OPERATOR(pg_catalog.=) relam
JOIN pg_catalog.pg_attribute ON attrelid OPERATOR(pg_catalog.=) indrelid
    AND attname OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
WHERE indrelid OPERATOR(pg_catalog.=) ANY (
        SELECT $1
        UNION
        SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass))
  AND amname OPERATOR(pg_catalog.<>) 'btree'
  AND EXISTS (
      SELECT FROM pg_catalog.pg_depend
      WHERE classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
        AND objid OPERATOR(pg_catalog.=) indexrelid
        AND refobjid OPERATOR(pg_catalog.=) indrelid
        AND refobjsubid OPERATOR(pg_catalog.=) attnum)
ORDER BY indexrelid
