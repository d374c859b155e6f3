UPDATE @target@
SET @token@ = @extschema@.renew_ticket_token(@token_bytes@, @id@@made@)
WHERE @those@@has_token@
