-- Of the tickets with these keys ($1) and digests ($2), those that a transaction below the horizon ($3) is known to
-- have written. A row has the lower 32 bits of a transaction id; counted back from one that is still to come (1000000
-- are more than are in progress), it can only be taken for younger than it is. A role that may not read it ($4: the
-- target) knows of none.
SELECT @key_value@, coalesce(@extschema@.ticket_token_digest(@token_bytes@), 0)
FROM @target@
WHERE @key@ = ANY ($1) AND coalesce(@extschema@.ticket_token_digest(@token_bytes@), 0) = ANY ($2)
  AND has_column_privilege($4, 'xmin', 'SELECT')
  AND (SELECT next - ((next - xmin::text::bigint) & 4294967295)
       FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000) AS clock (next)) < $3
