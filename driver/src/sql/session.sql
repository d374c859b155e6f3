-- Where the extension lives, and which table and column a call without arguments would mean.
WITH wanted AS (
    SELECT coalesce($1, nullif(current_setting('ticket_ext.target', true), ''), 'ticket') AS target,
           coalesce($2, nullif(current_setting('ticket_ext.token_column', true), ''), 'token') AS token_column
)
SELECT (SELECT quote_ident(nspname)
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'ticket_ext') AS schema,
       target,
       to_regclass(target)::oid AS target_oid,
       token_column
  FROM wanted
