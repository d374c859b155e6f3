-- The first $3 tickets from $1 to $2 that are due or may be, and why
SELECT @key_value@, coalesce(@extschema@.ticket_token_digest(@token_bytes@), 0),
       @extschema@.ticket_is_due(@token_bytes@, @id@)
FROM @target@
WHERE @key@ >= $1 AND @key@ <= $2@has_token@
  AND @extschema@.ticket_is_due(@token_bytes@, @id@) > 0
ORDER BY @key@
LIMIT $3
