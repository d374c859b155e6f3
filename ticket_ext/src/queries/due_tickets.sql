-- The first $3 tickets from $1 to $2 that are due, with all others of the last one's key, and why
SELECT @key@::bigint, @extschema@.ticket_token_digest(@token_bytes@),
       @extschema@.ticket_is_due(@token_bytes@, @key@::bigint)
FROM @target@
WHERE @key@ >= $1 AND @key@ <= $2@has_token@
  AND @extschema@.ticket_is_due(@token_bytes@, @key@::bigint) > 0
ORDER BY @key@
FETCH FIRST ($3) ROWS WITH TIES
