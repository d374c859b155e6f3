-- The next $3 tickets from $1 to $2, and all others of the last one's key
SELECT @key@::bigint, @extschema@.ticket_token_digest(@token_bytes@)
FROM @target@
WHERE @key@ >= $1 AND @key@ <= $2@has_token@
ORDER BY @key@
FETCH FIRST ($3) ROWS WITH TIES
