-- Who keeps VACUUM from removing the old rows of all transactions from $2 on (NULL: not known): the oldest transaction
-- that began before, or where VACUUM was skipped ($3), one that locks the table. What is hidden from this role is left
-- out; another VACUUM removes rows itself.
WITH session AS (
    SELECT pid,
           CASE WHEN backend_type OPERATOR(pg_catalog.=) 'walsender'
                THEN pg_catalog.format('standby %s with hot_standby_feedback', application_name)
                WHEN usename IS NULL THEN pg_catalog.format('%s %s', backend_type, pid)
                ELSE pg_catalog.format('session of %s %s', usename, pid)
           END AS name,
           pg_catalog.date_trunc('second', xact_start) AS since,
           -- A transaction that writes, in any database, is as old in every snapshot taken beside it.
           CASE WHEN coalesce(datname OPERATOR(pg_catalog.=) pg_catalog.current_database(), true)
                THEN pg_catalog.age(backend_xmin)
           END AS seen_from,
           pg_catalog.age(backend_xid) AS writes_from
    FROM pg_catalog.pg_stat_activity
    WHERE NOT pid OPERATOR(pg_catalog.=) ANY (SELECT pid FROM pg_catalog.pg_stat_progress_vacuum)
      AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
), obstacle AS (
    SELECT pg_catalog.concat_ws(', whose transaction began at ', name, since) AS name,
           greatest(seen_from, writes_from) AS age,
           coalesce(writes_from OPERATOR(pg_catalog.>=) seen_from, writes_from IS NOT NULL) AS itself
    FROM session
    UNION ALL
    SELECT pg_catalog.format('%s, which holds %s on the table', name, mode), 9223372036854775807, true
    FROM pg_catalog.pg_locks AS held
    JOIN session ON session.pid OPERATOR(pg_catalog.=) held.pid
    WHERE $3
      AND locktype OPERATOR(pg_catalog.=) 'relation'
      AND relation OPERATOR(pg_catalog.=) $1
      AND granted
      AND NOT mode OPERATOR(pg_catalog.=) ANY (ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock'])
    UNION ALL
    SELECT pg_catalog.format('prepared transaction %L of %s', gid, owner), pg_catalog.age(transaction), true
    FROM pg_catalog.pg_prepared_xacts
    UNION ALL
    SELECT pg_catalog.format('replication slot %s', slot_name), pg_catalog.age(xmin), true
    FROM pg_catalog.pg_replication_slots
), horizon AS (
    SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::bigint
               OPERATOR(pg_catalog.-) $2 AS age
)
SELECT name
FROM obstacle, horizon
WHERE obstacle.age OPERATOR(pg_catalog.>=) coalesce(horizon.age, 9223372036854775807)
ORDER BY obstacle.age DESC, itself DESC
LIMIT 1
