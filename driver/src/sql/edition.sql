-- Where ticket_ext lives: the extension, else the plain-SQL edition, which is a schema with a table of this name.
-- Whoever may create a schema can make one that looks like it, and its functions would run with the privileges of this
-- role. So it counts only if it belongs to a role that can act as this one anyway: itself, a member of it, a
-- superuser. A role without the attributes of an administrator also trusts the owner of the database, who may set its
-- search_path, and the owner of the target ($1), whose triggers it fires.
WITH me AS (
    SELECT oid, rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls AS is_administrator
    FROM pg_catalog.pg_roles
    WHERE rolname OPERATOR(pg_catalog.=) current_user
), found AS (
    SELECT extnamespace AS schema, 'extension' AS edition, extowner AS owner
    FROM pg_catalog.pg_extension
    WHERE extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name
    UNION ALL
    SELECT namespace.oid, 'plain', relowner
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
        AND nspowner OPERATOR(pg_catalog.=) relowner
        AND nspname OPERATOR(pg_catalog.<>) 'public'::pg_catalog.name
    WHERE relname OPERATOR(pg_catalog.=) 'ticket_rotation_version'::pg_catalog.name
      AND relkind OPERATOR(pg_catalog.=) 'r' AND relpersistence OPERATOR(pg_catalog.=) 'p'
)
SELECT pg_catalog.quote_ident(nspname) AS schema,
       edition,
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(found.owner)) AS owner,
       current_user::pg_catalog.text AS role,
       edition OPERATOR(pg_catalog.=) 'extension'
           OR pg_catalog.pg_has_role(found.owner, me.oid, 'MEMBER')
           OR NOT is_administrator AND (found.owner OPERATOR(pg_catalog.=) datdba
                                        OR found.owner OPERATOR(pg_catalog.=) target.relowner) IS TRUE AS trusted,
       marker.oid IS NOT NULL
           AND pg_catalog.has_schema_privilege(found.schema, 'USAGE')
           AND pg_catalog.has_table_privilege(marker.oid, 'SELECT') AS readable
FROM found
CROSS JOIN me
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) found.schema
JOIN pg_catalog.pg_database ON datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_class AS target ON target.oid OPERATOR(pg_catalog.=) $1
LEFT JOIN pg_catalog.pg_class AS marker ON marker.relnamespace OPERATOR(pg_catalog.=) found.schema
    AND marker.relname OPERATOR(pg_catalog.=) 'ticket_rotation_version'::pg_catalog.name
    AND marker.relkind OPERATOR(pg_catalog.=) 'r' AND marker.relowner OPERATOR(pg_catalog.=) found.owner
ORDER BY edition, trusted DESC, found.owner OPERATOR(pg_catalog.=) me.oid DESC, nspname
