-- Ranges and batches both have to tile the run, from $2 up to $3: each starts behind the end of the one before.
WITH intervals AS (
    SELECT 'range' AS kind, first_id::numeric, last_id::numeric
    FROM @extschema@.ticket_rotation_range WHERE run_id = $1
    UNION ALL
    SELECT 'batch', first_id, last_id
    FROM @extschema@.ticket_rotation_batch WHERE run_id = $1 AND sweep = 0
    UNION ALL
    SELECT kind, $3::numeric + 1, $3 FROM (VALUES ('range'), ('batch')) AS ends (kind)
), neighbours AS (
    SELECT first_id, lag(last_id, 1, $2::numeric - 1) OVER (PARTITION BY kind ORDER BY first_id, last_id) AS previous
    FROM intervals
), ledger AS (
    SELECT sum(tickets) AS rotated, sum(tickets) FILTER (WHERE sweep > 0) AS swept
    FROM @extschema@.ticket_rotation_batch WHERE run_id = $1
)
SELECT (SELECT count(*) FROM neighbours WHERE first_id <> previous + 1) AS gaps,
       rotated::bigint AS rotated,
       swept::bigint AS swept,
       forgotten_at IS NULL AS has_entries,
       started_at,
       finished_at
FROM ledger, @extschema@.ticket_rotation
WHERE run_id = $1
