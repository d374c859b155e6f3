-- Foreign keys that follow column $2 of table $1 and have no index that begins with one of their columns
SELECT format('%I of %s', conname, conrelid::regclass),
       format('CREATE INDEX%s ON %s (%s);', CASE relkind WHEN 'p' THEN '' ELSE ' CONCURRENTLY' END, conrelid::regclass,
              (SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
               FROM unnest(conkey) WITH ORDINALITY AS own (number, place)
               JOIN pg_attribute ON attrelid = conrelid AND attnum = number))
FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
WHERE contype = 'f' AND confrelid = $1 AND $2 = ANY (confkey) AND confupdtype = 'c' AND conparentid = 0
  AND NOT EXISTS (SELECT FROM pg_index
                  WHERE indrelid = conrelid AND indisvalid AND indpred IS NULL AND indkey[0] = ANY (conkey))
ORDER BY conname
