-- Row triggers that fire for each ticket. The guard's leaves at once where a run writes.
SELECT pg_catalog.format(
           'trigger %I fires for each of the tickets (function %s)', tgname,
           tgfoid::pg_catalog.regproc::pg_catalog.text) AS text
FROM pg_catalog.pg_trigger
JOIN pg_catalog.pg_proc AS function ON function.oid OPERATOR(pg_catalog.=) tgfoid
JOIN pg_catalog.pg_attribute ON attrelid OPERATOR(pg_catalog.=) tgrelid
    AND attname OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
WHERE tgrelid OPERATOR(pg_catalog.=) $1
  AND NOT tgisinternal
  AND tgenabled OPERATOR(pg_catalog.=) ANY (ARRAY['O', 'A'])
  -- A row's (1), of an UPDATE (16), of any column or of this one.
  AND (tgtype::integer OPERATOR(pg_catalog.&) 17) OPERATOR(pg_catalog.=) 17
  AND (tgattr::pg_catalog.text OPERATOR(pg_catalog.=) ''
       OR attnum OPERATOR(pg_catalog.=) ANY (tgattr))
  AND proname OPERATOR(pg_catalog.<>) 'ticket_guard'
ORDER BY tgname
