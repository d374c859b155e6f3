-- The next batches of run $1 between $2 and $3, of about $4 tickets: one at least, where there is one
SELECT last_id, keys, digests, new_digests
FROM (SELECT last_id, keys, digests, new_digests, sum(tickets) OVER (ORDER BY last_id) - tickets AS before
      FROM (SELECT last_id, tickets, keys, digests, new_digests
            FROM @extschema@.ticket_rotation_batch
            WHERE run_id = $1 AND sweep = 0 AND last_id >= $2 AND first_id <= $3
            ORDER BY last_id
            LIMIT 1000) AS batch) AS batch
WHERE before < $4
ORDER BY last_id
