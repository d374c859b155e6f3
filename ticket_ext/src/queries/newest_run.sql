SELECT run_id, state
FROM @extschema@.ticket_rotation
WHERE target = $1 AND token_column = $2
ORDER BY run_id DESC
LIMIT 1
