-- How far the WAL is written, and how far each replica has got: one row a replica, or one without a name.
-- $1: names of standbys or slots; NULL for every standby that is connected and each logical slot of this database.
--
-- What pg_basebackup and pg_receivewal read replays nothing, and the sender of a logical slot counts by its slot. A
-- physical slot stands for its standby: while that is away, by the WAL that is kept for it. A lost slot is gone.
WITH replica AS (
    SELECT sender.application_name AS name,
           replay_lsn AS position,
           replay_lag,
           replay_lsn IS NOT NULL AND coalesce(slot_type OPERATOR(pg_catalog.<>) 'logical', true) AS counts
    FROM pg_catalog.pg_stat_replication AS sender
    LEFT JOIN pg_catalog.pg_replication_slots ON active_pid OPERATOR(pg_catalog.=) sender.pid
    UNION ALL
    SELECT slot_name::pg_catalog.text,
           coalesce(confirmed_flush_lsn, replay_lsn, restart_lsn),
           replay_lag,
           slot_type OPERATOR(pg_catalog.=) 'logical'
               AND database OPERATOR(pg_catalog.=) pg_catalog.current_database()
    FROM pg_catalog.pg_replication_slots
    LEFT JOIN pg_catalog.pg_stat_replication AS sender ON sender.pid OPERATOR(pg_catalog.=) active_pid
    WHERE coalesce(wal_status OPERATOR(pg_catalog.<>) 'lost', true)
), wanted AS (
    SELECT name, position, replay_lag FROM replica WHERE $1 IS NULL AND counts
    UNION ALL
    SELECT asked.name, position, replay_lag
    FROM pg_catalog.unnest($1) AS asked (name)
    LEFT JOIN replica ON replica.name OPERATOR(pg_catalog.=) asked.name
), furthest_behind AS (
    SELECT name,
           pg_catalog.min(position OPERATOR(pg_catalog.-) '0/0'::pg_catalog.pg_lsn) AS replayed,
           pg_catalog.max(replay_lag) AS replay_lag
    FROM wanted
    GROUP BY name
)
SELECT (pg_catalog.pg_current_wal_lsn() OPERATOR(pg_catalog.-) '0/0'::pg_catalog.pg_lsn)::bigint AS written,
       (redo_lsn OPERATOR(pg_catalog.-) '0/0'::pg_catalog.pg_lsn)::bigint AS checkpoint,
       extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) checkpoint_time)::double precision
           AS checkpoint_age,
       name,
       replayed::bigint,
       extract(epoch FROM replay_lag)::double precision AS replay_lag,
       -- Positions of logical slots are for all to see.
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
           OR $1 IS NOT NULL AND NOT EXISTS (
               SELECT pg_catalog.unnest($1) EXCEPT
               SELECT slot_name::pg_catalog.text FROM pg_catalog.pg_replication_slots
               WHERE slot_type OPERATOR(pg_catalog.=) 'logical')
           AS visible,
       pg_catalog.format('GRANT pg_monitor TO %I;', current_user) AS remedy
FROM pg_catalog.pg_control_checkpoint()
LEFT JOIN furthest_behind ON true
ORDER BY name
