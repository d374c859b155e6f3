-- Whether process $1 waits for a lock, or for a transaction that is older than the active run and writes to its target
SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)
    OR EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')
       AND EXISTS (
           SELECT FROM pg_locks AS held JOIN pg_locks AS own USING (virtualtransaction)
           WHERE held.relation = 'ticket'::regclass
             AND held.mode = 'RowExclusiveLock'
             AND own.locktype = 'transactionid'
             AND own.transactionid::text::bigint < (SELECT max(horizon::text::bigint) FROM ticket_rotation)
             AND held.pid IS DISTINCT FROM $1
       )
