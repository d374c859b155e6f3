-- A name that is free, for the ledger of schema $1: its own, and a number where there is one already.
SELECT pg_catalog.quote_ident(name) AS name
FROM (SELECT pg_catalog.format('%s_ledger%s', pg_catalog.left($1, 50),
                               CASE WHEN number OPERATOR(pg_catalog.>) 1 THEN number END) AS name, number
      FROM pg_catalog.generate_series(1, 1000) AS number) AS candidate
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname::pg_catalog.text OPERATOR(pg_catalog.=) name)
ORDER BY number
LIMIT 1
