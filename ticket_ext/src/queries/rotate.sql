UPDATE @target@ SET @token@ = @new_token@ WHERE @id@ > $1 AND @id@ <= $2
