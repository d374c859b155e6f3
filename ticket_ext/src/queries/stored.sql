SELECT @key_value@, @extschema@.ticket_token_digest(@token_bytes@)
FROM @target@
WHERE @those@@has_token@
