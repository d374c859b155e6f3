-- $1: oid of the target, $2: name of its token column, $3: number of its key. Privileges and policies are those of the current user.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), fires AS (
    -- tgtype: 16 = UPDATE. The guard lets a batch pass.
    SELECT tgrelid, tgname, tgdeferrable, tgisinternal
    FROM tree JOIN pg_trigger ON tgrelid = tree.oid
    WHERE tgtype & 16 <> 0 AND tgenabled <> 'D'
      AND tgfoid NOT IN (SELECT pg_proc.oid FROM pg_proc
                         JOIN pg_extension ON extnamespace = pronamespace AND extname = 'ticket_ext'
                         WHERE proname = 'ticket_guard')
)
SELECT c.relkind::text AS kind,
       (SELECT part.oid::regclass::text FROM tree JOIN pg_class AS part ON part.oid = tree.oid
        WHERE part.oid <> c.oid AND NOT part.relispartition LIMIT 1) AS child,
       quote_ident(token.attname::text) AS token,
       token.attnum AS token_number,
       token.atttypid::regtype::text AS token_type,
       format_type(token.atttypid, token.atttypmod) AS token_type_name,
       NOT token.attnotnull AS nullable,
       -- a varchar's modifier is its length and the 4 bytes of its header, -1 stands for no limit
       coalesce(token.atttypid = 'varchar'::regtype AND token.atttypmod BETWEEN 0 AND 36 + 4 - 1, false) AS too_short,
       coalesce(token.attgenerated <> '', false) AS generated,
       EXISTS (SELECT FROM pg_index
               WHERE indrelid = c.oid AND indisunique AND indisvalid AND indpred IS NULL
                 AND indnkeyatts = 1 AND indkey[0] = token.attnum) AS is_unique,
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
           CASE WHEN NOT has_schema_privilege(own.extnamespace, 'USAGE')
                THEN format('GRANT USAGE ON SCHEMA %s TO %I;', own.extnamespace::regnamespace, current_user)
           END) AS missing_grants
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_extension AS own ON own.extname = 'ticket_ext'
LEFT JOIN pg_attribute AS token ON token.attrelid = c.oid AND token.attname = $2
    AND token.attnum > 0 AND NOT token.attisdropped
WHERE c.oid = $1
