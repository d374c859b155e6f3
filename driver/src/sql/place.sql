-- Where a run rotates, for people, and which schemas have another table of the target's name ($2), where that name left
-- the choice to search_path.
SELECT pg_catalog.format('%I.%I', nspname, relname) AS table,
       pg_catalog.current_database()::pg_catalog.text AS database,
       current_user::pg_catalog.text AS role,
       ARRAY(SELECT pg_catalog.quote_ident(other.nspname)
             FROM pg_catalog.pg_class AS namesake
             JOIN pg_catalog.pg_namespace AS other ON other.oid OPERATOR(pg_catalog.=) namesake.relnamespace
             WHERE pg_catalog.cardinality(pg_catalog.parse_ident($2)) OPERATOR(pg_catalog.=) 1
               AND namesake.relname OPERATOR(pg_catalog.=) class.relname
               AND namesake.oid OPERATOR(pg_catalog.<>) class.oid
               AND namesake.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p'])
               AND namesake.relpersistence OPERATOR(pg_catalog.<>) 't'
             ORDER BY 1) AS namesakes
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
WHERE class.oid OPERATOR(pg_catalog.=) $1
