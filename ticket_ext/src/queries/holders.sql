-- The three whose transactions are the oldest, in words, and how to end the first. A prepared transaction has no
-- process.
WITH holding AS (
    SELECT DISTINCT pid, virtualtransaction FROM (
@holding@
    ) AS locks
), holder AS (
    SELECT CASE WHEN holding.pid IS NULL AND gid IS NULL THEN 'a prepared transaction that ends just now'
                WHEN holding.pid IS NULL
                THEN format('prepared transaction %L of %I since %s', gid, owner, date_trunc('second', prepared))
                ELSE format('process %s (%s, %s since %s)', holding.pid,
                            coalesce(nullif(application_name, ''), backend_type, 'unknown'),
                            coalesce(state, 'at work'),
                            date_trunc('second', coalesce(state_change, xact_start, backend_start)))
           END AS description,
           CASE WHEN holding.pid IS NULL THEN 'ROLLBACK PREPARED ' || quote_literal(gid) || ';'
                ELSE format('SELECT pg_terminate_backend(%s);', holding.pid)
           END AS remedy,
           coalesce(xact_start, prepared) AS since
    FROM holding
    LEFT JOIN pg_stat_activity AS session ON session.pid = holding.pid
    LEFT JOIN (pg_prepared_xacts AS prepared
               JOIN pg_locks AS own ON own.locktype = 'transactionid' AND own.transactionid = prepared.transaction)
        ON holding.pid IS NULL AND own.virtualtransaction = holding.virtualtransaction
    ORDER BY since
    LIMIT 3
)
SELECT string_agg(description, ', ' ORDER BY since) AS described,
       (array_agg(remedy ORDER BY since))[1] AS remedy
FROM holder
