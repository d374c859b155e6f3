-- Tickets of the run whose last writer is not the batch or the sweep that rotated them
SELECT count(*)
FROM @extschema@.ticket_rotation_batch AS batch
JOIN @target@ AS ticket ON ticket.@id@ > batch.after_id AND ticket.@id@ <= batch.last_id
WHERE batch.run_id = $1
  AND NOT batch.sweep
  AND ticket.xmin <> batch.transaction_id::xid
  AND NOT EXISTS (
      SELECT FROM @extschema@.ticket_rotation_batch AS other
      WHERE other.run_id = $1 AND other.sweep AND other.transaction_id::xid = ticket.xmin
  )
