-- Tickets of the run whose last writer is neither the batch nor the sweep that rotated them, and how many tickets the
-- batches' intervals hold beyond those that were rotated: at least so many were created since.
-- A ledger row has the xmin of its tickets, also where a batch was rotated in a subtransaction.
WITH sweep AS MATERIALIZED (
    SELECT xmin FROM @extschema@.ticket_rotation_batch WHERE run_id = $1 AND sweep
), interval AS (
    SELECT count(ticket.@id@) AS tickets,
           count(*) FILTER (WHERE ticket.xmin <> batch.xmin) AS foreign_writers,
           batch.tickets AS rotated
    FROM @extschema@.ticket_rotation_batch AS batch
    JOIN @target@ AS ticket ON ticket.@id@ > batch.after_id AND ticket.@id@ <= batch.last_id
    WHERE batch.run_id = $1
      AND NOT batch.sweep
      AND (ticket.xmin = batch.xmin OR NOT EXISTS (SELECT FROM sweep WHERE sweep.xmin = ticket.xmin))
    GROUP BY batch.last_id, batch.tickets
)
SELECT coalesce(sum(foreign_writers), 0)::bigint AS written,
       coalesce(sum(greatest(tickets - rotated, 0)), 0)::bigint AS created
FROM interval
