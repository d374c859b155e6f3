-- What this transaction has written of run $2, into the ledger of shard $1
WITH kept AS (
    INSERT INTO @ledger@ (shard_key, shard_id, sweep, last_id, record, keys, digests, new_digests)
    SELECT head.shard_key, head.shard_id, batch.sweep, batch.last_id,
           jsonb_build_object('first_id', batch.first_id, 'tickets', batch.tickets,
                              'range_tickets', batch.range_tickets, 'transaction_id', batch.transaction_id,
                              'started_at', batch.started_at, 'finished_at', batch.finished_at),
           batch.keys, batch.digests, batch.new_digests
    FROM @extschema@.ticket_rotation_batch AS batch
    JOIN @ledger@ AS head ON head.shard_id = $1 AND head.sweep = -1
    WHERE batch.run_id = $2 AND batch.transaction_id = pg_current_xact_id()
    ON CONFLICT DO NOTHING
    RETURNING (record ->> 'tickets')::bigint AS tickets
)
SELECT count(*), coalesce(sum(tickets), 0)::bigint FROM kept
