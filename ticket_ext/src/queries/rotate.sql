UPDATE @target@
SET @token@ = @extschema@.renew_ticket_token(@token_bytes@, @key@::pg_catalog.int8)
WHERE @those@@has_token@
