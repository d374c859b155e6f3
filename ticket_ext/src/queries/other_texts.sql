-- Columns of table $1 that may hold a copy of the one with name $2, or a digest, as texts, and whether they sound like
-- it. What the server computes follows the token, and what this role may not read it cannot compare.
SELECT quote_ident(attname),
       CASE typname WHEN 'bytea' THEN format('encode(%I, ''hex'')', attname) ELSE format('%I::text', attname) END,
       position(lower($2) IN lower(attname)) > 0
       AND attname ~* '(digest|hash|sha_?[0-9]|md5|crypt|cipher|copy|backup|plain|raw|lookup|bidx|(^|_)(old|prev|previous)(_|$))'
FROM pg_attribute
JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> $2
  AND attgenerated = ''
  AND (typcategory = 'S' OR typname IN ('uuid', 'bytea'))
  AND has_column_privilege($1, attnum, 'SELECT')
ORDER BY attnum
