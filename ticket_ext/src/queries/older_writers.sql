-- Transactions below the horizon ($2) that write to the target ($1). Of a transaction id, locks have the lower 32 bits:
-- it is counted back from the horizon, or from the last one that has ended if that is later; what is younger counts
-- from the other end.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
), clock AS (
    SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint, $2) AS next
)
SELECT held.pid, held.virtualtransaction
FROM clock
CROSS JOIN tree
JOIN pg_locks AS held ON held.relation = tree.oid
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND held.pid IS DISTINCT FROM pg_backend_pid()
JOIN pg_locks AS writer ON writer.virtualtransaction = held.virtualtransaction
    AND writer.locktype = 'transactionid'
    AND writer.mode = 'ExclusiveLock'
    AND (next - writer.transactionid::text::bigint) & 4294967295 BETWEEN greatest(next - $2 + 1, 1) AND 2147483647
WHERE held.granted AND writer.granted
