-- Tickets up to $1 of a version older than the run's horizon ($3), except those that hold a token of the run.
-- Transaction ids are counted back from the next unused one ($2): a row has only their lower 32 bits.
SELECT @id@::bigint AS id
FROM @target@ AS ticket
WHERE @id@ <= $1
  AND (($2 - xmin::text::bigint) & 4294967295) > $2 - $3
  AND NOT EXISTS (
      SELECT FROM @extschema@.ticket_rotation_batch AS batch, unnest(batch.digests) AS digest
      WHERE batch.run_id = $4 AND digest = hashtextextended(ticket.@token@::text, 0)
  )
ORDER BY 1
