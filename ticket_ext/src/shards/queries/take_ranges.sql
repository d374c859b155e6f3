INSERT INTO @extschema@.ticket_rotation_range (run_id, first_id, last_id, rotated_at, swept_at)
SELECT $2, range.first_id, range.last_id, range.rotated_at, range.swept_at
FROM @ledger@ AS head
CROSS JOIN jsonb_populate_recordset(NULL::@extschema@.ticket_rotation_range, head.record -> 'ranges') AS range
WHERE head.shard_id = $1 AND head.sweep = -1
