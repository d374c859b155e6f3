-- $2: the role that asks. The run of a table that was dropped is left to the superuser, finished or not.
SELECT state,
       target_name,
       EXISTS (SELECT FROM pg_class WHERE oid = target::oid) AS has_table,
       coalesce(has_column_privilege($2, target::oid, token_number, 'UPDATE'),
                (SELECT rolsuper FROM pg_roles WHERE oid = $2)) AS may_update
FROM @extschema@.ticket_rotation
WHERE run_id = $1
FOR UPDATE
