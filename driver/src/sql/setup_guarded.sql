-- The tables whose guard goes with the functions of schema $1 (its number).
SELECT pg_catalog.string_agg(DISTINCT tgrelid::pg_catalog.regclass::pg_catalog.text, ', ') AS tables
FROM pg_catalog.pg_trigger
JOIN pg_catalog.pg_proc AS function ON function.oid OPERATOR(pg_catalog.=) tgfoid
WHERE pronamespace OPERATOR(pg_catalog.=) $1
  AND proname OPERATOR(pg_catalog.=) 'ticket_guard'::pg_catalog.name
  AND tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
