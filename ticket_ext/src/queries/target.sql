-- $1: the table's oid, $2: the column's name
SELECT name, format('%L, %L', name, $2) AS arguments
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE pg_class.oid = $1) AS target
