-- No row: another session has started a run in the meantime
INSERT INTO @extschema@.ticket_rotation
    (target, target_name, token_column, upper_id, tickets_planned, horizon, system_identifier)
SELECT $1, $2, $3, $4, $5, $6::text::xid8, system_identifier
FROM pg_control_system()
ON CONFLICT DO NOTHING
RETURNING run_id
