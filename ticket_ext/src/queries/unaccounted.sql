-- Tickets in the interval that are not among those written ($3), or no longer have the token
-- they were given, by its digest ($4)
SELECT ticket.@id@::bigint AS id, written.id IS NULL AS missed
FROM @target@ AS ticket
LEFT JOIN unnest($3, $4) AS written (id, digest) ON written.id = ticket.@id@
WHERE ticket.@id@ > $1 AND ticket.@id@ <= $2
  AND (written.id IS NULL OR hashtextextended(ticket.@token@::text, 0) IS DISTINCT FROM written.digest)
ORDER BY 1
