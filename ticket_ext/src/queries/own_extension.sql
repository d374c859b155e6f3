-- Where the extension lives, and whose it is
SELECT quote_ident(nspname::text) AS schema, extowner AS owner
FROM pg_extension
JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'ticket_ext'
