-- The next $3 tickets from $1 to $2: how many there are, and the last one's key
SELECT max(key)::bigint AS last_id, count(*) AS tickets
FROM (SELECT @key@ AS key FROM @target@
      WHERE @key@ >= $1 AND @key@ <= $2
      ORDER BY @key@
      LIMIT $3) AS batch
