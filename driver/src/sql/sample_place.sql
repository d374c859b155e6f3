-- The table and column that a run would take, quoted, and what is there already.
WITH asked AS (
    SELECT coalesce($1, nullif(current_setting('ticket_ext.target', true), ''), 'ticket') AS target,
           coalesce($2, nullif(current_setting('ticket_ext.token_column', true), ''), 'token') AS token_column
), wanted AS (
    SELECT (SELECT string_agg(quote_ident(part), '.' ORDER BY position)
              FROM unnest(parse_ident(target)) WITH ORDINALITY AS name (part, position)) AS name,
           quote_ident(token_column) AS token_column
      FROM asked
)
SELECT CASE WHEN relname IS NULL THEN name ELSE format('%I.%I', nspname, relname) END AS table,
       token_column,
       pg_class.oid IS NOT NULL AS exists,
       coalesce(obj_description(pg_class.oid, 'pg_class') = $3, false) AS ours,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'ticket_ext') AS extension
  FROM wanted
  LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)
  LEFT JOIN pg_namespace ON pg_namespace.oid = relnamespace
