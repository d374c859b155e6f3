-- Tickets with their keys, and the bytes of their tokens
SELECT @key_value@, @stored_bytes@
FROM @target@
WHERE @those@@has_token@
