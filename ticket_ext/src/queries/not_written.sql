-- Tickets in the interval that were not written under this transaction's own number:
-- some may have been written in a subtransaction of it
SELECT @id@::bigint AS id, xmin::text::bigint AS writer
FROM @target@
WHERE @id@ > $1 AND @id@ <= $2 AND xmin <> pg_current_xact_id()::xid
ORDER BY @id@
