-- The column that trigger $1 guards, by its number in table $2, where the trigger fires, and how the guarded table is
-- called. It is the column that the condition of the trigger names; that of a partition's trigger is recorded at the one
-- which it is a copy of.
WITH RECURSIVE origin AS (
    SELECT oid, tgparentid, tgrelid FROM pg_trigger WHERE oid = $1
    UNION ALL
    SELECT parent.oid, parent.tgparentid, parent.tgrelid
    FROM origin JOIN pg_trigger AS parent ON parent.oid = origin.tgparentid
)
SELECT own.attname::text AS name,
       own.attnum AS number,
       format('%I.%I', nspname, relname) AS target,
       format('%L, %L', format('%I.%I', nspname, relname), own.attname) AS arguments
FROM origin
JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = origin.oid
    AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid > 0
JOIN pg_attribute AS guarded ON guarded.attrelid = refobjid AND guarded.attnum = refobjsubid
JOIN pg_attribute AS own ON own.attrelid = $2 AND own.attname = guarded.attname
JOIN pg_class ON pg_class.oid = tgrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
LIMIT 1
