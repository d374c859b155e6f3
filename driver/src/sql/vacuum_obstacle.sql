-- Who keeps VACUUM from removing the old rows of more than $3 tickets of the newest run: the oldest transaction, or
-- where VACUUM was skipped ($4), one that locks the table. What is hidden from this role is left out; another VACUUM removes
-- rows itself.
WITH session AS (
    SELECT pid,
           CASE backend_type WHEN 'walsender' THEN format('standby %s with hot_standby_feedback', application_name)
                             ELSE format('%s %s', coalesce('session of ' || usename, backend_type), pid)
           END AS name,
           date_trunc('second', xact_start) AS since,
           -- A transaction that writes, in any database, is as old in every snapshot taken beside it.
           CASE WHEN coalesce(datname, current_database()) = current_database() THEN age(backend_xmin) END AS seen_from,
           age(backend_xid) AS writes_from
      FROM pg_stat_activity
     WHERE pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
       AND pid <> pg_backend_pid()
), obstacle AS (
    SELECT name || coalesce(', whose transaction began at ' || since, '') AS name,
           greatest(seen_from, writes_from) AS age,
           coalesce(writes_from >= seen_from, writes_from IS NOT NULL) AS itself
      FROM session
    UNION ALL
    SELECT format('%s, which holds %s on the table', name, mode), 2147483647, true
      FROM pg_locks
      JOIN session USING (pid)
     WHERE $4
       AND locktype = 'relation'
       AND relation = $1
       AND granted
       AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
    UNION ALL
    SELECT format('prepared transaction %L of %s', gid, owner), age(transaction), true
      FROM pg_prepared_xacts
    UNION ALL
    SELECT format('replication slot %s', slot_name), age(xmin), true
      FROM pg_replication_slots
)
SELECT name
  FROM obstacle
 WHERE (SELECT sum(tickets)
          FROM @schema@.ticket_rotation_batch
         WHERE age(transaction_id::xid) <= obstacle.age
           AND run_id = (SELECT max(run_id) FROM @schema@.ticket_rotation
                          WHERE target::oid = $1 AND token_column = $2::text::name)) > $3
 ORDER BY age DESC, itself DESC
 LIMIT 1
