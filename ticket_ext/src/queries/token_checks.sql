-- CHECK constraints of table $1 and its partitions that look at the column with name $2, and at no system column
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT DISTINCT ON (condition) format('CHECK constraint %I of table %s', conname, conrelid::regclass), condition
FROM (SELECT conname, conrelid, pg_get_expr(conbin, conrelid) AS condition
      FROM tree
      JOIN pg_constraint ON conrelid = tree.oid AND contype = 'c'
      JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) AND attname = $2
      WHERE 0 < ALL (conkey)) AS checks
ORDER BY condition, conrelid
