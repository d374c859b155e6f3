-- $1: the table's oid, $2: the column's name
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       format('%L, %L', format('%I.%I', n.nspname, c.relname), $2) AS arguments,
       row_security_active(c.oid) AS row_security
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = $1
