-- What has to hold of the session of a call
SELECT role.oid AS role,
       role.rolsuper AS is_superuser,
       current_setting('transaction_isolation') AS isolation,
       current_setting('transaction_read_only')::boolean AS read_only,
       pg_is_in_recovery() AS standby,
       current_setting('session_replication_role') AS replication_role
FROM pg_roles AS role
WHERE role.rolname = current_user
