-- Parts of the target ($1) in which an autovacuum is at work to prevent wraparound, there or in their TOAST tables.
--
-- A role that may not see what the worker runs knows it by its lock and by having no user. That it prevents wraparound
-- is then told by what makes it do so, the age of the table.
WITH RECURSIVE tree AS (
    SELECT $1 AS oid
    UNION
    SELECT inhrelid FROM tree JOIN pg_catalog.pg_inherits ON inhparent OPERATOR(pg_catalog.=) tree.oid
), worker AS MATERIALIZED (
    SELECT relation, backend_type, query
    FROM pg_catalog.pg_locks AS held
    JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid OPERATOR(pg_catalog.=) held.pid
    WHERE database OPERATOR(pg_catalog.=) (
              SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
      AND mode OPERATOR(pg_catalog.=) 'ShareUpdateExclusiveLock'
      AND granted
      AND usesysid IS NULL
), maximum AS (
    SELECT pg_catalog.current_setting('autovacuum_freeze_max_age')::integer AS freeze,
           pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::integer AS multixact
)
SELECT DISTINCT part.oid::pg_catalog.regclass::pg_catalog.text AS part
FROM tree
CROSS JOIN maximum
JOIN pg_catalog.pg_class AS part ON part.oid OPERATOR(pg_catalog.=) tree.oid
JOIN pg_catalog.pg_class AS heap ON heap.oid OPERATOR(pg_catalog.=) ANY (ARRAY[part.oid, part.reltoastrelid])
JOIN worker ON worker.relation OPERATOR(pg_catalog.=) heap.oid
LEFT JOIN LATERAL (
    SELECT pg_catalog.min(option_value::integer)
               FILTER (WHERE option_name OPERATOR(pg_catalog.=) 'autovacuum_freeze_max_age') AS freeze,
           pg_catalog.min(option_value::integer)
               FILTER (WHERE option_name OPERATOR(pg_catalog.=) 'autovacuum_multixact_freeze_max_age') AS multixact
    FROM pg_catalog.pg_options_to_table(coalesce(heap.reloptions, part.reloptions))
) AS own ON true
WHERE CASE WHEN worker.backend_type IS NOT NULL
           THEN worker.query OPERATOR(pg_catalog.~) '\(to prevent wraparound\)$'
           ELSE pg_catalog.age(heap.relfrozenxid) OPERATOR(pg_catalog.>) least(own.freeze, maximum.freeze)
             OR pg_catalog.mxid_age(heap.relminmxid) OPERATOR(pg_catalog.>) least(own.multixact, maximum.multixact)
      END
ORDER BY part
