SELECT quote_ident(n.nspname) AS schema,
       current_user::text AS role,
       current_setting('transaction_isolation') AS isolation,
       current_setting('transaction_read_only')::boolean AS read_only,
       pg_is_in_recovery() AS standby,
       current_setting('session_replication_role') AS replication_role
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'ticket_ext'
