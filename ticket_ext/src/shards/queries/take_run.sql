-- The run of shard $1 becomes one of its table here, $2, which had none. No cluster has these numbers: transaction ids
-- do not count any more, nor what the shard was called that it was split from. Columns may have other numbers than
-- where they came from.
INSERT INTO @extschema@.ticket_rotation
    (target, target_oid, target_name, key_column, key_number, token_column, token_number, state, upper_id, horizon,
     system_identifier, ledger_identity, sweep, sweep_horizon, tickets_planned, token_format, fill_null,
     without_token, started_at, finished_at, forgotten_at)
SELECT $2, $2, format('%I.%I', nspname, relname), run.key_column, key.attnum, run.token_column, token.attnum,
       run.state, run.upper_id, run.horizon, 0, '', run.sweep, run.sweep_horizon, run.tickets_planned, run.token_format, run.fill_null,
       run.without_token, run.started_at, run.finished_at, run.forgotten_at
FROM @ledger@ AS head
CROSS JOIN jsonb_populate_record(NULL::@extschema@.ticket_rotation, (head.record -> 'run') - 'target') AS run
JOIN pg_class ON pg_class.oid = $2
JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_attribute AS key ON key.attrelid = $2 AND key.attname = run.key_column AND NOT key.attisdropped
JOIN pg_attribute AS token ON token.attrelid = $2 AND token.attname = run.token_column AND NOT token.attisdropped
WHERE head.shard_id = $1 AND head.sweep = -1
  AND NOT EXISTS (SELECT FROM @extschema@.ticket_rotation AS own WHERE own.target::oid = $2)
RETURNING run_id
