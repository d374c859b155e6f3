UPDATE @target@
SET @token@ = @extschema@.renew_ticket_token(@token_bytes@, @id@)
WHERE @those@@has_token@
