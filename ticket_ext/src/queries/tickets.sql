-- $1: oid of the target, $2: name of its token column
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT c.relkind::text AS kind,
       quote_ident(key.attname) AS id_column,
       quote_ident(token.attname) AS token_column,
       token.atttypid::regtype::text AS token_type,
       format_type(token.atttypid, token.atttypmod) AS token_type_name,
       -- a varchar's modifier is its length and the 4 bytes of its header, -1 stands for no limit
       coalesce(token.atttypid = 'varchar'::regtype AND token.atttypmod BETWEEN 0 AND 36 + 4 - 1, false) AS too_short,
       coalesce(token.attgenerated <> '', false) AS generated,
       (SELECT quote_ident(rulename) FROM pg_rewrite
        WHERE ev_class = c.oid AND ev_type = '2' LIMIT 1) AS update_rule,
       (SELECT ftrelid::regclass::text FROM tree JOIN pg_foreign_table ON ftrelid = tree.oid
        WHERE tree.oid <> c.oid LIMIT 1) AS foreign_part,
       (SELECT format('%I of %s', conname, conrelid::regclass) FROM pg_constraint
        WHERE contype = 'f' AND (conrelid = c.oid AND token.attnum = ANY (conkey)
              OR confrelid = c.oid AND token.attnum = ANY (confkey) AND confupdtype <> 'c')
        LIMIT 1) AS foreign_key,
       -- tgtype: 1 = FOR EACH ROW, 16 = UPDATE
       (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I;', tgrelid::regclass, tgname), ' ' ORDER BY tgname)
        FROM tree JOIN pg_trigger ON tgrelid = tree.oid
        WHERE NOT tgisinternal AND tgtype & 17 = 17 AND tgenabled <> 'D') AS disable_row_triggers,
       concat_ws(' ',
           CASE WHEN NOT (has_column_privilege(c.oid, token.attnum, 'UPDATE')
                          AND has_column_privilege(c.oid, token.attnum, 'SELECT')
                          AND has_column_privilege(c.oid, key.attnum, 'SELECT'))
                THEN format('GRANT SELECT, UPDATE (%I) ON %I.%I TO %I;', token.attname, n.nspname, c.relname, current_user)
           END,
           CASE WHEN NOT (has_table_privilege('@extschema@.ticket_rotation', 'SELECT')
                          AND has_table_privilege('@extschema@.ticket_rotation', 'INSERT')
                          AND has_table_privilege('@extschema@.ticket_rotation', 'UPDATE')
                          AND has_table_privilege('@extschema@.ticket_rotation_range', 'SELECT')
                          AND has_table_privilege('@extschema@.ticket_rotation_range', 'INSERT')
                          AND has_table_privilege('@extschema@.ticket_rotation_range', 'UPDATE'))
                THEN format('GRANT SELECT, INSERT, UPDATE ON @extschema@.ticket_rotation, @extschema@.ticket_rotation_range TO %I;', current_user)
           END,
           CASE WHEN NOT (has_table_privilege('@extschema@.ticket_rotation_batch', 'SELECT')
                          AND has_table_privilege('@extschema@.ticket_rotation_batch', 'INSERT'))
                THEN format('GRANT SELECT, INSERT ON @extschema@.ticket_rotation_batch TO %I;', current_user)
           END) AS missing_grants
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS pk ON pk.indrelid = c.oid AND pk.indisprimary AND pk.indnkeyatts = 1
LEFT JOIN pg_attribute AS key ON key.attrelid = c.oid AND key.attnum = pk.indkey[0]
    AND key.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
LEFT JOIN pg_attribute AS token ON token.attrelid = c.oid AND token.attname = $2
    AND token.attnum > 0 AND NOT token.attisdropped
WHERE c.oid = $1
