-- Ranges and batches both have to tile the run, from $2 up to $3: each starts where the one before ends.
WITH intervals AS (
    SELECT 'range' AS kind, after_id, upper_id AS last_id
    FROM @extschema@.ticket_rotation_range WHERE run_id = $1
    UNION ALL
    SELECT 'batch', after_id, last_id
    FROM @extschema@.ticket_rotation_batch WHERE run_id = $1 AND NOT sweep
    UNION ALL
    SELECT kind, $3, $3 FROM (VALUES ('range'), ('batch')) AS ends (kind)
), neighbours AS (
    SELECT after_id, lag(last_id, 1, $2) OVER (PARTITION BY kind ORDER BY last_id, after_id) AS previous
    FROM intervals
), ledger AS (
    SELECT sum(tickets) AS rotated, sum(tickets) FILTER (WHERE sweep) AS swept
    FROM @extschema@.ticket_rotation_batch WHERE run_id = $1
)
SELECT (SELECT count(*) FROM neighbours WHERE after_id <> previous) AS gaps,
       rotated::bigint AS rotated,
       swept::bigint AS swept
FROM ledger
