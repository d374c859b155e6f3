-- Of the tickets with these keys ($1), those that a transaction below the horizon ($2) is not known to have written. A row
-- has the lower 32 bits of a transaction id; counted back from the next one, it can only be taken for younger than it is.
-- A role that may not read it ($3: the target) knows of none.
SELECT DISTINCT @key@::bigint
FROM @target@
WHERE @key@ = ANY ($1)
  AND (NOT has_column_privilege($3, 'xmin', 'SELECT')
       OR pg_snapshot_xmax(pg_current_snapshot())::text::bigint
          - ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - xmin::text::bigint) & 4294967295) >= $2)
