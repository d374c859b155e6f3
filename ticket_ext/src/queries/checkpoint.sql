-- The state of run $1, and the last batch (sweep $4: 0, or the sweep's number) between $2 and $3
SELECT run.state, batch.last_id, batch.range_tickets, clock_timestamp() AS read_at
FROM @extschema@.ticket_rotation AS run
LEFT JOIN LATERAL (
    SELECT last_id, range_tickets
    FROM @extschema@.ticket_rotation_batch
    WHERE run_id = $1 AND sweep = $4 AND last_id >= $2 AND last_id <= $3
    ORDER BY last_id DESC
    LIMIT 1
) AS batch ON true
WHERE run.run_id = $1
