SELECT extract(epoch FROM checkpoint_time)::double precision AS began,
       pg_catalog.current_setting('max_wal_size') AS max_wal_size
FROM pg_catalog.pg_control_checkpoint()
