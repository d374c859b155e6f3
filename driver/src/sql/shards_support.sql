-- Whether there is a Citus, and an edition that rotates shards
SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus,
       pg_catalog.to_regclass('@schema@.ticket_rotation_shards') IS NOT NULL AS has_shards
