INSERT INTO @extschema@.ticket_rotation_version (version, edition)
SELECT extversion, 'extension'
FROM pg_catalog.pg_extension
WHERE extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name;
