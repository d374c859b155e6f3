-- The sample table's name and column, quoted, and what is there already.
WITH wanted AS (
    SELECT (SELECT string_agg(quote_ident(part), '.' ORDER BY position)
              FROM unnest(parse_ident($1)) WITH ORDINALITY AS name (part, position)) AS name
)
SELECT CASE WHEN relname IS NULL THEN name ELSE format('%I.%I', nspname, relname) END AS table,
       quote_ident($2) AS token_column,
       pg_class.oid IS NOT NULL AS exists,
       coalesce(obj_description(pg_class.oid, 'pg_class') = $3, false) AS ours,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'ticket_ext') AS extension
  FROM wanted
  LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)
  LEFT JOIN pg_namespace ON pg_namespace.oid = relnamespace
