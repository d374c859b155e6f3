SELECT @key_value@, coalesce(@extschema@.ticket_token_digest(@token_bytes@), 0)
FROM @target@
WHERE @those@@has_token@
