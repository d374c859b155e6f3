-- The batches of runs $1 that reach over id $3, the newest first: of each run at most one, and one of each of its
-- sweeps ($2: how many it has had)
SELECT run.run_id, batch.keys, batch.digests
FROM unnest($1::bigint[], $2::integer[]) AS run (run_id, sweeps)
CROSS JOIN LATERAL generate_series(0, run.sweeps) AS number
CROSS JOIN LATERAL (
    SELECT first_id, keys, digests
    FROM @extschema@.ticket_rotation_batch AS batch
    WHERE batch.run_id = run.run_id AND batch.sweep = number AND batch.last_id >= $3
    ORDER BY batch.last_id
    LIMIT 1
) AS batch
WHERE batch.first_id <= $3 AND batch.keys IS NOT NULL
ORDER BY run.run_id DESC
