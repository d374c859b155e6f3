-- Where the leaked tokens are looked for, and in which form: as uuid, else as text.
SELECT pg_catalog.format('%I.%I', nspname, relname) AS table,
       pg_catalog.quote_ident(key.attname::pg_catalog.text) AS id,
       CASE WHEN token.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.bytea'::pg_catalog.regtype
            THEN pg_catalog.format($$'\x' OPERATOR(pg_catalog.||) pg_catalog.encode(%I, 'hex')$$, token.attname)
            ELSE pg_catalog.quote_ident(token.attname::pg_catalog.text)
       END AS token,
       CASE WHEN token.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.uuid'::pg_catalog.regtype THEN 'uuid'
            WHEN token.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.bytea'::pg_catalog.regtype THEN 'bytea'
            ELSE 'text'
       END AS type
FROM pg_catalog.pg_class AS target
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
JOIN pg_catalog.pg_index ON indrelid OPERATOR(pg_catalog.=) target.oid AND indisprimary
JOIN pg_catalog.pg_attribute AS key ON key.attrelid OPERATOR(pg_catalog.=) target.oid
    AND key.attnum OPERATOR(pg_catalog.=) indkey[0]
JOIN pg_catalog.pg_attribute AS token ON token.attrelid OPERATOR(pg_catalog.=) target.oid
    AND token.attname OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
WHERE target.oid OPERATOR(pg_catalog.=) $1
