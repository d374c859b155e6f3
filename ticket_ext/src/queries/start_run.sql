-- No row: another session has started a run in the meantime
INSERT INTO @extschema@.ticket_rotation (target, target_name, token_column, upper_id, tickets_planned)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING run_id
