-- Statements that drop the guard of column $2 of table $1; NULL without one
SELECT string_agg(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass), '; ')
FROM pg_trigger
JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = pg_trigger.oid
    AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid > 0
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid AND attname = $2
WHERE tgrelid = $1 AND tgparentid = 0
  AND tgfoid = '@extschema@.ticket_guard()'::regprocedure
