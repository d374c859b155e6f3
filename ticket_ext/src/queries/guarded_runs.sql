SELECT run_id, sweep, upper_id, target::oid AS target, target_oid,
       token_number, token_column::text AS token_column, key_number, key_column::text AS key_column,
       token_format
FROM @extschema@.ticket_rotation
WHERE target::oid = ANY ($1) AND forgotten_at IS NULL
ORDER BY run_id DESC
