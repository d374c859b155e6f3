-- The next $3 tickets above $1 and up to $2: how many there are, and the last one's id
SELECT max(id)::bigint AS last_id, count(*) AS tickets
FROM (SELECT @id@ AS id FROM @target@
      WHERE @id@ > $1 AND @id@ <= $2
      ORDER BY @id@
      LIMIT $3) AS batch
