-- Where the leaked tokens are looked for, and in which form: as uuid, else as text.
SELECT format('%I.%I', nspname, relname) AS table,
       quote_ident(key.attname) AS id,
       CASE token.atttypid
            WHEN 'bytea'::regtype THEN format($$'\x' || encode(%I, 'hex')$$, token.attname)
            ELSE quote_ident(token.attname)
       END AS token,
       token.atttypid::regtype::text AS type
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
  JOIN pg_attribute AS key ON key.attrelid = pg_class.oid AND key.attnum = indkey[0]
  JOIN pg_attribute AS token ON token.attrelid = pg_class.oid AND token.attname = $2::text::name
 WHERE pg_class.oid = $1
