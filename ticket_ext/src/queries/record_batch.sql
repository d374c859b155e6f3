INSERT INTO @extschema@.ticket_rotation_batch (run_id, after_id, last_id, tickets, ids, digests, started_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
