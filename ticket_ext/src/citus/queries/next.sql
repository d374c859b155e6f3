-- The keys of the next $3 tickets from $1 to $2
SELECT @key_value@
FROM @target@
WHERE @key@ >= $1 AND @key@ <= $2
ORDER BY @key@
LIMIT $3
