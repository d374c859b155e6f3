-- The table that trigger $1, or the one of a parent which it is a copy of, was put on, and the arguments of a call for
-- its column with name $2
WITH RECURSIVE origin AS (
    SELECT tgparentid, tgrelid FROM pg_trigger WHERE oid = $1
    UNION ALL
    SELECT parent.tgparentid, parent.tgrelid FROM origin JOIN pg_trigger AS parent ON parent.oid = origin.tgparentid
)
SELECT name, format('%L, %L', name, $2) AS arguments
FROM (SELECT format('%I.%I', nspname, relname) AS name
      FROM origin
      JOIN pg_class ON pg_class.oid = tgrelid
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE tgparentid = 0) AS target
