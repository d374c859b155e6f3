SELECT run_id, state, upper_id, horizon::text::bigint AS horizon,
       system_identifier
FROM @extschema@.ticket_rotation
WHERE target = $1 AND token_column = $2
ORDER BY run_id DESC
LIMIT 1
