-- Who keeps VACUUM from removing the old rows of more than $3 tickets of the newest run. Snapshots of other roles'
-- sessions are not shown to everybody; a VACUUM's own do not count.
WITH holder AS (
    SELECT CASE WHEN backend_type = 'walsender' THEN format('standby %s, by its hot_standby_feedback', application_name)
                ELSE format('session %s of %s, whose transaction began at %s', pid, usename, date_trunc('second', xact_start))
           END AS name,
           greatest(age(backend_xmin), age(backend_xid)) AS age
      FROM pg_stat_activity
     WHERE coalesce(datname, current_database()) = current_database()
       AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
       AND pid <> pg_backend_pid()
    UNION ALL
    SELECT format('prepared transaction %L of %s', gid, owner), age(transaction)
      FROM pg_prepared_xacts
     WHERE database = current_database()
    UNION ALL
    SELECT format('replication slot %s', slot_name), age(xmin)
      FROM pg_replication_slots
)
SELECT name
  FROM holder
 WHERE (SELECT sum(tickets)
          FROM {schema}.ticket_rotation_batch
         WHERE age(transaction_id::xid) <= holder.age
           AND run_id = (SELECT max(run_id) FROM {schema}.ticket_rotation
                          WHERE target::oid = $1 AND token_column = $2::text::name)) > $3
 ORDER BY age DESC
 LIMIT 1
