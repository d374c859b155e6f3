-- Sessions that hold a lock on a table ($1) in one of the modes ($2)
SELECT pid, virtualtransaction
FROM pg_locks
WHERE locktype = 'relation'
  AND relation = $1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode = ANY ($2)
  AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
