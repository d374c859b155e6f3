-- Transactions older than the horizon ($3) that write to the target ($1): their process ids, 0 for a prepared
-- transaction. $2 is the next unused transaction id.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT DISTINCT coalesce(held.pid, 0) AS process
FROM tree
JOIN pg_locks AS held ON held.relation = tree.oid
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND held.pid IS DISTINCT FROM pg_backend_pid()
JOIN pg_locks AS writer ON writer.virtualtransaction = held.virtualtransaction
    AND writer.locktype = 'transactionid'
    AND writer.mode = 'ExclusiveLock'
    AND (($2 - writer.transactionid::text::bigint) & 4294967295) > $2 - $3
WHERE held.granted AND writer.granted
ORDER BY process
