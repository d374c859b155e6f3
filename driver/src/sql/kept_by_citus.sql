-- Whether Citus keeps table $1
SELECT EXISTS (
    SELECT 1 FROM pg_catalog.pg_dist_partition WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1
) AS is_kept
