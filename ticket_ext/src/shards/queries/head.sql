SELECT record ->> 'state' AS state,
       record ->> 'token_column' AS token_column,
       record ->> 'key_column' AS key_column,
       record ->> 'format' AS format,
       (record ->> 'fill_null')::boolean AS fill_null,
       (record ->> 'force')::boolean AS force,
       (record ->> 'run_id')::bigint AS run_id,
       (record ->> 'group')::integer AS group_id,
       (record ->> 'system')::bigint AS system_identifier,
       (record ->> 'table')::oid AS table_oid,
       (record ->> 'batches')::bigint AS batches
FROM @ledger@
WHERE shard_id = $1 AND sweep = -1
FOR UPDATE
