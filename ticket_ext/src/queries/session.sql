SELECT quote_ident(nspname::text) AS schema,
       extowner AS owner,
       role.oid AS role,
       role.rolsuper AS is_superuser,
       current_setting('transaction_isolation') AS isolation,
       current_setting('transaction_read_only')::boolean AS read_only,
       pg_is_in_recovery() AS standby,
       current_setting('session_replication_role') AS replication_role
FROM pg_extension
JOIN pg_namespace ON pg_namespace.oid = extnamespace
JOIN pg_roles AS role ON role.rolname = current_user
WHERE extname = 'ticket_ext'
