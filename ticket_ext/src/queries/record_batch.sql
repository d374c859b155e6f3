-- No row: the run is no longer active
INSERT INTO @extschema@.ticket_rotation_batch
    (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, new_digests, started_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
FROM @extschema@.ticket_rotation
WHERE run_id = $1 AND state = 'active'
RETURNING last_id
