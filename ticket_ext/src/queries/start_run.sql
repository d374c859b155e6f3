-- No row: another session has started a run in the meantime
INSERT INTO @extschema@.ticket_rotation
    (target, target_oid, target_name, key_column, key_number, token_column, token_number, upper_id, tickets_planned,
     horizon, started_at, token_format, fill_null, without_token, system_identifier,
     ledger_identity)
SELECT $1, $1, $2, $3, $4, $5, $6, $7, $8, $9::text::xid8, $10, $11, $12, $13, system_identifier,
       ledger_identity
FROM @extschema@.ticket_cluster()
ON CONFLICT DO NOTHING
RETURNING run_id
