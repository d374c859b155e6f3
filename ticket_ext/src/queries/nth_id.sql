SELECT @id@::bigint FROM @target@ WHERE @id@ > $1 ORDER BY @id@ OFFSET $2 - 1 LIMIT 1
