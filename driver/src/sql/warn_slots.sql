-- Replication slots that nobody reads: they keep all WAL from where they stand, and that of the run.
SELECT pg_catalog.format(
           'nobody reads replication slot %s, which keeps %s of WAL and all that the run writes; if it is needed no more: '
           'SELECT pg_drop_replication_slot(%L);',
           slot_name,
           pg_catalog.pg_size_pretty(pg_catalog.pg_current_wal_lsn() OPERATOR(pg_catalog.-) restart_lsn),
           slot_name) AS text
FROM pg_catalog.pg_replication_slots
WHERE NOT active AND restart_lsn IS NOT NULL
ORDER BY slot_name
