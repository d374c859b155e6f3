-- Which table the name $1 leads to
SELECT $1 AS target, pg_catalog.to_regclass($1)::pg_catalog.oid AS target_oid, $2 AS token_column
