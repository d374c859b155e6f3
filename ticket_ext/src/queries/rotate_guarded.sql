-- As rotate.sql, for a target whose triggers may interfere: a digest of each new token is kept, to be
-- compared with what is stored once all triggers have run. The tokens themselves never leave the statement.
-- Sorted on both sides, the join makes each token just before its ticket is locked.
WITH written AS (
    UPDATE @target@ AS ticket SET @token@ = fresh.token
    FROM (SELECT @id@ AS id, @new_token@ AS token FROM @target@
          WHERE @id@ > $1 AND @id@ <= $2
          ORDER BY @id@) AS fresh
    WHERE ticket.@id@ = fresh.id AND ticket.@id@ > $1 AND ticket.@id@ <= $2
    RETURNING fresh.id, fresh.token
)
SELECT count(*) AS tickets,
       coalesce(array_agg(id::bigint), '{}') AS ids,
       coalesce(array_agg(hashtextextended(token::text, 0)), '{}') AS digests
FROM written
