-- Runs of the column with name $2 of table $1, or of one that it is a partition of, the newest first, and the number that
-- the run's key has in $1. A table that was restored goes by names, as in identity.rs.
SELECT run.run_id, run.sweep, run.upper_id, own_key.attnum AS key_number, run.token_format
FROM (SELECT $1::oid AS oid UNION SELECT relid::oid FROM pg_partition_ancestors($1)) AS tree
JOIN @extschema@.ticket_rotation AS run ON run.target::oid = tree.oid
JOIN pg_attribute AS token ON token.attrelid = tree.oid AND token.attname = $2
JOIN pg_attribute AS key ON key.attrelid = tree.oid
    AND CASE WHEN run.target_oid = tree.oid THEN key.attnum = run.key_number ELSE key.attname = run.key_column END
JOIN pg_attribute AS own_key ON own_key.attrelid = $1 AND own_key.attname = key.attname
WHERE run.forgotten_at IS NULL
  AND CASE WHEN run.target_oid = tree.oid THEN token.attnum = run.token_number ELSE run.token_column = $2 END
ORDER BY run.run_id DESC
