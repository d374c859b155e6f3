-- Run $2 as it is now, into the head of the ledger of shard $1: with $3 more batches, $4 more tickets; on the node of
-- group $5 and cluster $6, of its table $7
UPDATE @ledger@ AS head
SET record = head.record || jsonb_build_object(
        'state', run.state,
        'batches', coalesce((head.record ->> 'batches')::bigint, 0) + $3,
        'done', coalesce((head.record ->> 'done')::bigint, 0) + $4,
        'planned', coalesce((head.record ->> 'planned')::bigint, run.tickets_planned),
        'group', $5, 'system', $6::text, 'table', $7, 'run_id', run.run_id,
        'run', to_jsonb(run),
        'ranges', (SELECT jsonb_agg(to_jsonb(range))
                   FROM @extschema@.ticket_rotation_range AS range WHERE range.run_id = $2))
FROM @extschema@.ticket_rotation AS run
WHERE head.shard_id = $1 AND head.sweep = -1 AND run.run_id = $2
