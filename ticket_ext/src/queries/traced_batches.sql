-- The next ledger rows of run $1 behind the one of sweep $2 and last id $3, of about $4 tickets: one at least
SELECT sweep, last_id, finished_at, keys, digests
FROM (SELECT *, sum(tickets) OVER (ORDER BY sweep, last_id) - tickets AS before
      FROM (SELECT sweep, last_id, finished_at, tickets, keys, digests
            FROM @extschema@.ticket_rotation_batch
            WHERE run_id = $1 AND (sweep, last_id) > ($2, $3)
            ORDER BY sweep, last_id
            LIMIT 1000) AS batch) AS batch
WHERE before < $4
ORDER BY sweep, last_id
