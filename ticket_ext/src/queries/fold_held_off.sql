-- The newest $2 rows of run $1 become one, but for those that another session is at. Not under a snapshot of the
-- transaction, where a row that was folded meanwhile would be a serialization failure.
WITH newest AS (
    SELECT at, process
    FROM @extschema@.ticket_rotation_held_off
    WHERE run_id = $1 AND current_setting('transaction_isolation') = 'read committed'
    ORDER BY at DESC
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), folded AS (
    DELETE FROM @extschema@.ticket_rotation_held_off AS held USING newest
    WHERE held.run_id = $1 AND held.at = newest.at AND held.process = newest.process
    RETURNING held.at, held.key, held.writes
)
INSERT INTO @extschema@.ticket_rotation_held_off (run_id, at, key, writes)
SELECT $1, max(at), (array_agg(key ORDER BY at DESC))[1], sum(writes)
FROM folded
HAVING count(*) > 0
