INSERT INTO @extschema@.ticket_rotation_batch
    (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, new_digests, transaction_id,
     started_at, finished_at)
SELECT $2, kept.sweep, batch.first_id, kept.last_id, batch.tickets, batch.range_tickets, kept.keys, kept.digests,
       kept.new_digests, batch.transaction_id, batch.started_at, batch.finished_at
FROM @ledger@ AS kept
CROSS JOIN jsonb_populate_record(NULL::@extschema@.ticket_rotation_batch, kept.record) AS batch
WHERE kept.shard_id = $1 AND kept.sweep >= 0
