-- How far the WAL is written, and how far each replica has got: one row a replica, or one without a name.
-- $1: names of standbys or slots; NULL for every standby that is connected and each logical slot of this database.
--
-- What pg_basebackup and pg_receivewal read replays nothing, and the sender of a logical slot counts by its slot. A
-- physical slot stands for its standby: while that is away, by the WAL that is kept for it. A lost slot is gone.
WITH replica AS (
    SELECT sender.application_name AS name,
           replay_lsn AS position,
           replay_lag,
           replay_lsn IS NOT NULL AND slot_type IS DISTINCT FROM 'logical' AS counts
      FROM pg_stat_replication AS sender
      LEFT JOIN pg_replication_slots ON active_pid = sender.pid
     UNION ALL
    SELECT slot_name,
           coalesce(confirmed_flush_lsn, replay_lsn, restart_lsn),
           replay_lag,
           slot_type = 'logical' AND database = current_database()
      FROM pg_replication_slots
      LEFT JOIN pg_stat_replication AS sender ON sender.pid = active_pid
     WHERE wal_status IS DISTINCT FROM 'lost'
), wanted AS (
    SELECT name, position, replay_lag FROM replica WHERE $1 IS NULL AND counts
     UNION ALL
    SELECT name, position, replay_lag FROM unnest($1) AS asked (name) LEFT JOIN replica USING (name)
), furthest_behind AS (
    SELECT name, min(position - '0/0') AS replayed, max(replay_lag) AS replay_lag FROM wanted GROUP BY name
)
SELECT (pg_current_wal_lsn() - '0/0')::bigint AS written,
       (redo_lsn - '0/0')::bigint AS checkpoint,
       extract(epoch FROM clock_timestamp() - checkpoint_time)::float8 AS checkpoint_age,
       name,
       replayed::bigint,
       extract(epoch FROM replay_lag)::float8 AS replay_lag,
       -- Positions of logical slots are for all to see.
       pg_has_role('pg_read_all_stats', 'USAGE')
           OR $1 IS NOT NULL AND NOT EXISTS (SELECT unnest($1) EXCEPT
                                             SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical')
           AS visible,
       format('GRANT pg_monitor TO %I;', current_user) AS remedy
  FROM pg_control_checkpoint()
  LEFT JOIN furthest_behind ON true
 ORDER BY name
