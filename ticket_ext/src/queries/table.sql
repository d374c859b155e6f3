-- $1: oid of the target, $2: name of its token column, $3: number of its key. Privileges and policies are those of the
-- current user.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), layer AS (
    -- the type of the token column, and what its domains are over
    SELECT 0 AS depth, atttypid AS type, atttypmod AS modifier
    FROM pg_attribute WHERE attrelid = $1 AND attname = $2 AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT depth + 1, typbasetype, CASE modifier WHEN -1 THEN typtypmod ELSE modifier END
    FROM layer JOIN pg_type ON pg_type.oid = type
    WHERE typtype = 'd'
), base AS (
    SELECT depth, type, modifier, typname::text AS name, quote_ident(nspname) AS schema
    FROM layer
    JOIN pg_type ON pg_type.oid = type
    JOIN pg_namespace ON pg_namespace.oid = typnamespace
    ORDER BY depth DESC
    LIMIT 1
), fires AS (
    -- tgtype: 16 = UPDATE. The guard lets a batch pass.
    SELECT tgrelid, tgname, tgdeferrable, tgisinternal
    FROM tree JOIN pg_trigger ON tgrelid = tree.oid
    WHERE tgtype & 16 <> 0 AND tgenabled <> 'D'
      AND tgfoid NOT IN (SELECT pg_proc.oid FROM pg_proc
                         WHERE pronamespace = '@extschema@'::regnamespace AND proname = 'ticket_guard')
)
SELECT c.relkind::text AS kind,
       (SELECT part.oid::regclass::text FROM tree JOIN pg_class AS part ON part.oid = tree.oid
        WHERE part.oid <> c.oid AND NOT part.relispartition LIMIT 1) AS child,
       quote_ident(token.attname::text) AS token,
       token.attnum AS token_number,
       CASE WHEN base.type = 'uuid'::regtype THEN 'uuid'
            WHEN base.type = 'bytea'::regtype THEN 'bytea'
            WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN 'text'
            WHEN base.name = 'citext' THEN 'text'
       END AS token_kind,
       base.depth = 0 AND base.type IN ('uuid'::regtype, 'bytea'::regtype, 'text'::regtype) AS is_plain,
       base.name = 'citext' AS folds_case,
       format_type(base.type, -1) AS base_type,
       -- citext brings an operator of its own
       format('OPERATOR(%s.=)', CASE base.name WHEN 'citext' THEN base.schema ELSE 'pg_catalog' END) AS equals,
       format_type(token.atttypid, token.atttypmod) AS token_type,
       NOT token.attnotnull AS nullable,
       coalesce(token.attgenerated <> '', false) AS generated,
       EXISTS (SELECT FROM pg_index
               WHERE indrelid = c.oid AND indisunique AND indisvalid AND indpred IS NULL
                 AND indnkeyatts = 1 AND indkey[0] = token.attnum) AS is_unique,
       to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus,
       row_security_active(c.oid) AS row_security,
       ARRAY(SELECT oid FROM tree WHERE oid <> c.oid ORDER BY oid) AS partitions,
       (SELECT quote_ident(rulename::text) FROM pg_rewrite
        WHERE ev_class = c.oid AND ev_type = '2' LIMIT 1) AS update_rule,
       (SELECT ftrelid::regclass::text FROM tree JOIN pg_foreign_table ON ftrelid = tree.oid
        WHERE tree.oid <> c.oid LIMIT 1) AS foreign_part,
       (SELECT format('%I of %s', conname, conrelid::regclass) FROM pg_constraint
        WHERE contype = 'f' AND (conrelid = c.oid AND token.attnum = ANY (conkey)
              OR confrelid = c.oid AND token.attnum = ANY (confkey) AND confupdtype <> 'c')
        LIMIT 1) AS foreign_key,
       EXISTS (SELECT FROM fires WHERE NOT tgisinternal) AS has_triggers,
       EXISTS (SELECT FROM fires WHERE tgdeferrable) AS can_defer,
       (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I;', tgrelid::regclass, tgname), ' ' ORDER BY tgname)
        FROM fires WHERE NOT tgisinternal) AS disable_triggers,
       concat_ws(' ',
           CASE WHEN NOT (has_column_privilege(c.oid, token.attnum, 'UPDATE')
                          AND has_column_privilege(c.oid, token.attnum, 'SELECT')
                          AND coalesce(has_column_privilege(c.oid, $3, 'SELECT'), true))
                THEN format('GRANT SELECT, UPDATE (%I) ON %I.%I TO %I;', token.attname, n.nspname, c.relname, current_user)
           END,
           CASE WHEN NOT has_schema_privilege('@extschema@'::regnamespace, 'USAGE')
                THEN format('GRANT USAGE ON SCHEMA %s TO %I;', '@extschema@'::regnamespace, current_user)
           END) AS missing_grants
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS token ON token.attrelid = c.oid AND token.attname = $2
    AND token.attnum > 0 AND NOT token.attisdropped
LEFT JOIN base ON true
WHERE c.oid = $1
