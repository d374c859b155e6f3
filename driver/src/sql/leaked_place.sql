-- Where the leaked tokens are looked for, the key of the newest run or the primary key, and what a token is there. A
-- domain counts as the type that it is over.
WITH RECURSIVE layer AS (
    SELECT 0 AS depth, atttypid AS type, atttypmod AS modifier
      FROM pg_attribute
     WHERE attrelid = $1 AND attname = $2::text::name
    UNION ALL
    SELECT depth + 1, typbasetype, typtypmod
      FROM layer
      JOIN pg_type ON pg_type.oid = type
     WHERE typtype = 'd'
), base AS (
    SELECT type, modifier, quote_ident(nspname) AS schema
      FROM layer
      JOIN pg_type ON pg_type.oid = type
      JOIN pg_namespace ON pg_namespace.oid = typnamespace
     ORDER BY depth DESC
     LIMIT 1
)
SELECT format('%I.%I', nspname, relname) AS table,
       quote_ident(key.attname) AS key,
       quote_ident(token.attname) AS token,
       type::regtype::text AS type,
       -- citext brings an operator of its own.
       format('OPERATOR(%s.=)', CASE WHEN EXISTS (SELECT FROM pg_operator
                                                   WHERE oprname = '=' AND oprleft = type AND oprright = type)
                                     THEN base.schema ELSE 'pg_catalog' END) AS equals,
       CASE WHEN type IN ('varchar'::regtype, 'bpchar'::regtype) AND modifier > 4 THEN modifier - 4 END AS longest,
       -- One of another collation than the column's serves no comparison of tokens.
       EXISTS (SELECT
                 FROM pg_index
                 JOIN pg_class AS index ON index.oid = indexrelid
                 JOIN pg_am ON pg_am.oid = index.relam
                WHERE indrelid = pg_class.oid AND indkey[0] = token.attnum AND indisvalid AND indpred IS NULL
                  AND indcollation[0] = token.attcollation AND amname IN ('btree', 'hash')) AS indexed
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
  LEFT JOIN LATERAL (SELECT key_column
                       FROM @schema@.batch_progress
                      WHERE target = $1::regclass AND token_column = $2::text::name
                      ORDER BY run_id DESC
                      LIMIT 1) AS run ON true
  JOIN pg_attribute AS key ON key.attrelid = pg_class.oid
   AND (key.attname = run.key_column OR run.key_column IS NULL AND key.attnum = indkey[0])
  JOIN pg_attribute AS token ON token.attrelid = pg_class.oid AND token.attname = $2::text::name
 CROSS JOIN base
 WHERE pg_class.oid = $1
