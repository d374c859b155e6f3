-- Function $1, and why it cannot make tokens of type $2
SELECT format('%I.%I', nspname, proname) AS name,
       coalesce(format_type(proargtypes[0], NULL), '') AS argument,
       CASE WHEN proretset OR prokind <> 'f' THEN 'it is no function that returns one value'
            WHEN provolatile <> 'v' THEN 'the function is not VOLATILE, so that it may return the same token twice'
            WHEN $2 = 'pg_catalog.text' AND (base.typcategory = 'S' OR base.oid = 'uuid'::regtype) THEN NULL
            WHEN $2::regtype <> base.oid THEN 'the function returns ' || format_type(prorettype, NULL)
       END AS fault
FROM pg_proc
JOIN pg_namespace ON pg_namespace.oid = pronamespace
JOIN pg_type AS returned ON returned.oid = prorettype
JOIN pg_type AS base ON base.oid = coalesce(nullif(returned.typbasetype, 0), returned.oid)
WHERE pg_proc.oid = $1
