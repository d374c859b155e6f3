-- Tickets ($1) whose stored token is not the one they were given, by its digest ($2)
SELECT written.id
FROM unnest($1, $2) AS written (id, digest)
JOIN @target@ AS ticket ON ticket.@id@ = written.id
WHERE hashtextextended(ticket.@token@::text, 0) IS DISTINCT FROM written.digest
ORDER BY written.id
