-- The session and the target of its call, in one look. $1: the table's oid, or NULL and $2: its name, $3: the column's name
SELECT quote_ident(own.nspname) AS schema,
       current_user::text AS role,
       current_setting('transaction_isolation') AS isolation,
       current_setting('transaction_read_only')::boolean AS read_only,
       pg_is_in_recovery() AS standby,
       current_setting('session_replication_role') AS replication_role,
       target.oid AS target,
       target.name,
       format('%L, %L', target.name, $3) AS arguments,
       row_security_active(target.oid) AS row_security
FROM pg_extension AS e
JOIN pg_namespace AS own ON own.oid = e.extnamespace
LEFT JOIN (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name
           FROM pg_class AS c
           JOIN pg_namespace AS n ON n.oid = c.relnamespace) AS target
    ON target.oid = coalesce($1, to_regclass($2)::oid)
WHERE e.extname = 'ticket_ext'
