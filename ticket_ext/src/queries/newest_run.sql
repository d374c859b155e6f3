-- The newest run of table $1 and the column with number $3 or name $4, or of another table that had the name $2
SELECT run_id, state, upper_id, run.sweep, token_column::text, key_column::text, target_name, token_format, tickets_planned,
       horizon::text::bigint AS horizon,
       sweep_horizon::text::bigint AS sweep_horizon,
       EXISTS (SELECT FROM @extschema@.ticket_rotation_batch AS batch
               WHERE batch.run_id = run.run_id AND batch.sweep > 0 AND batch.tickets > 0) AS has_swept,
       EXISTS (SELECT FROM @extschema@.ticket_rotation_range AS range
               WHERE range.run_id = run.run_id AND rotated_at IS NULL) AS has_ranges_left,
       target::oid = $1 AS same_table,
       target::oid <> target_oid AS restored,
       to_regclass(target_name)::oid IS NOT DISTINCT FROM $1 AS same_name,
       token_number = $3 AS same_token_number,
       key_number,
       target::text AS now_called,
       EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = $1 AND attname = token_column AND attnum <> $3 AND NOT attisdropped) AS name_is_anothers
FROM @extschema@.ticket_rotation AS run
WHERE target::oid = $1 AND (token_number = $3 OR token_column = $4)
   OR target::oid <> $1 AND target_name = $2 AND token_column = $4 AND EXISTS (SELECT FROM pg_class WHERE oid = target::oid)
ORDER BY run.run_id DESC
LIMIT 1
