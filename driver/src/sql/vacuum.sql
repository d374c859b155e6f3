-- The VACUUM of a target, and whether this role may run it: as PostgreSQL asks, of each partition.
-- SKIP_LOCKED: somebody else's VACUUM or index build is not waited for. TRUNCATE false: giving room back to the
-- operating system would take a lock that stops the application. INDEX_CLEANUP true: small parts count too, and the
-- table's own setting may have turned it off. PARALLEL 0: a worker is one process. A token has no part in the TOAST
-- table, which may be large; PostgreSQL 13 cannot leave it out.
WITH target AS (
    SELECT pg_catalog.format('%I.%I', nspname, relname) AS name,
           pg_catalog.pg_get_userbyid(relowner) AS owner,
           pg_catalog.current_setting('server_version_num')::integer AS version
    FROM pg_catalog.pg_class AS class
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
    WHERE class.oid OPERATOR(pg_catalog.=) $1
), part AS (
    SELECT oid, relowner
    FROM pg_catalog.pg_class
    WHERE oid OPERATOR(pg_catalog.=) ANY (
        SELECT $1 UNION
        SELECT relid::pg_catalog.oid
        FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass)
        WHERE isleaf)
), permission AS (
    SELECT (SELECT pg_catalog.pg_has_role(datdba, 'USAGE') FROM pg_catalog.pg_database
            WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
           OR pg_catalog.bool_and(
               pg_catalog.pg_has_role(relowner, 'USAGE')
               OR CASE WHEN version OPERATOR(pg_catalog.>=) 170000
                       THEN pg_catalog.has_table_privilege(part.oid, 'MAINTAIN') ELSE false END)
           AS granted
    FROM part, target
)
SELECT pg_catalog.format(
           'VACUUM (SKIP_LOCKED, TRUNCATE false, INDEX_CLEANUP true, PARALLEL 0%s) %s',
           CASE WHEN version OPERATOR(pg_catalog.>=) 140000 THEN ', PROCESS_TOAST false' END, name) AS statement,
       (SELECT pg_catalog.string_agg(pg_catalog.format('-c %s=0', time_limit.name), ' ')
        FROM pg_catalog.unnest(ARRAY['statement_timeout', 'transaction_timeout']) AS time_limit (name)
        WHERE pg_catalog.current_setting(time_limit.name, true) OPERATOR(pg_catalog.<>) '0') AS options,
       CASE WHEN granted THEN NULL
            WHEN version OPERATOR(pg_catalog.>=) 170000
            THEN pg_catalog.format(
                'role %I may not vacuum %s; to allow it: GRANT MAINTAIN ON %2$s TO %1$I', current_user, name)
            ELSE pg_catalog.format('role %I may not vacuum %s, only its owner %I may', current_user, name, owner)
       END AS refusal
FROM target, permission
