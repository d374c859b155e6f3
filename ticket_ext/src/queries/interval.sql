-- The next $3 tickets from $1 to $2: how many there are, and the last one's id
SELECT max(id) AS last_id, count(*) AS tickets
FROM (SELECT @id@ AS id FROM @target@
      WHERE @key@ >= $1 AND @key@ <= $2
      ORDER BY @key@
      LIMIT $3) AS batch
