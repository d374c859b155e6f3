-- Parts of the target ($1) in which an autovacuum is at work to prevent wraparound, there or in their TOAST tables.
--
-- A role that may not see what the worker runs knows it by its lock and by having no user. That it prevents wraparound
-- is then told by what makes it do so, the age of the table.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
     UNION
    SELECT inhrelid FROM tree JOIN pg_inherits ON inhparent = tree.oid
)
SELECT DISTINCT part.oid::regclass::text AS part
  FROM tree
  JOIN pg_class AS part ON part.oid = tree.oid
  JOIN pg_class AS heap ON heap.oid IN (part.oid, part.reltoastrelid)
  JOIN pg_locks AS held ON held.relation = heap.oid
   AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND held.mode = 'ShareUpdateExclusiveLock'
   AND held.granted
  JOIN pg_stat_activity AS worker ON worker.pid = held.pid AND worker.usesysid IS NULL
  LEFT JOIN LATERAL (
      SELECT min(option_value::integer) FILTER (WHERE option_name = 'autovacuum_freeze_max_age') AS freeze,
             min(option_value::integer) FILTER (WHERE option_name = 'autovacuum_multixact_freeze_max_age') AS multixact
        FROM pg_options_to_table(coalesce(heap.reloptions, part.reloptions))
  ) AS own ON true
 WHERE CASE WHEN worker.backend_type IS NOT NULL THEN worker.query LIKE '%(to prevent wraparound)'
            ELSE age(heap.relfrozenxid) > least(own.freeze, current_setting('autovacuum_freeze_max_age')::integer)
              OR mxid_age(heap.relminmxid)
                 > least(own.multixact, current_setting('autovacuum_multixact_freeze_max_age')::integer)
       END
 ORDER BY part
