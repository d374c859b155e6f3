SELECT extract(epoch FROM checkpoint_time)::float8 AS began, current_setting('max_wal_size') AS max_wal_size
  FROM pg_control_checkpoint()
