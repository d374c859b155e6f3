-- The table and column that a run would take, quoted, and what is there already.
WITH setting AS (
    SELECT pg_catalog.current_setting('ticket_ext.target', true) AS target,
           pg_catalog.current_setting('ticket_ext.token_column', true) AS token_column
), asked AS (
    SELECT coalesce($1, CASE WHEN target OPERATOR(pg_catalog.<>) '' THEN target END, 'ticket') AS target,
           coalesce($2, CASE WHEN token_column OPERATOR(pg_catalog.<>) '' THEN token_column END, 'token') AS token_column
    FROM setting
), wanted AS (
    SELECT (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.' ORDER BY position)
            FROM pg_catalog.unnest(pg_catalog.parse_ident(target)) WITH ORDINALITY AS name (part, position)) AS name,
           pg_catalog.quote_ident(token_column) AS token_column
    FROM asked
)
SELECT CASE WHEN relname IS NULL THEN name ELSE pg_catalog.format('%I.%I', nspname, relname) END AS table,
       token_column,
       found.oid IS NOT NULL AS exists,
       coalesce(pg_catalog.obj_description(found.oid, 'pg_class') OPERATOR(pg_catalog.=) $3, false) AS ours
FROM wanted
LEFT JOIN pg_catalog.pg_class AS found
    ON found.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(wanted.name)::pg_catalog.oid
LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
