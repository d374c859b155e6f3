-- What a setup into schema $1 finds, but for an edition elsewhere.
SELECT pg_catalog.current_database()::pg_catalog.text AS database,
       current_user::pg_catalog.text AS role,
       (SELECT rolsuper FROM pg_catalog.pg_roles
        WHERE rolname OPERATOR(pg_catalog.=) current_user) AS is_superuser,
       pg_catalog.quote_ident($1) AS schema,
       namespace.oid AS schema_oid,
       nspowner OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_roles
                                        WHERE rolname OPERATOR(pg_catalog.=) current_user) IS TRUE AS is_own,
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(nspowner)) AS owner,
       EXISTS (SELECT FROM pg_catalog.pg_class
               WHERE relnamespace OPERATOR(pg_catalog.=) namespace.oid
                 AND relname OPERATOR(pg_catalog.=) 'ticket_rotation_version'::pg_catalog.name
                 AND relkind OPERATOR(pg_catalog.=) 'r' AND relowner OPERATOR(pg_catalog.=) nspowner) AS is_edition,
       EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) namespace.oid
               UNION ALL
               SELECT FROM pg_catalog.pg_proc WHERE pronamespace OPERATOR(pg_catalog.=) namespace.oid
               UNION ALL
               SELECT FROM pg_catalog.pg_type WHERE typnamespace OPERATOR(pg_catalog.=) namespace.oid) AS holds_objects,
       EXISTS (SELECT FROM pg_catalog.aclexplode(nspacl)
               WHERE privilege_type OPERATOR(pg_catalog.=) 'CREATE'
                 AND grantee OPERATOR(pg_catalog.<>) nspowner) AS others_may_create,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create,
       pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I;', pg_catalog.current_database(), current_user) AS grant
FROM (SELECT) AS one
LEFT JOIN pg_catalog.pg_namespace AS namespace ON nspname OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.name
