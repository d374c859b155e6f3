-- Client sessions of others that are at work, in all databases. A session whose activity is not tracked may be.
-- Those that rotate do not count: drivers by their name ($1), which PGAPPNAME may have changed, and everybody by the
-- rows of the ranges that a batch locks and, while it holds no lock yet, by its call.
SELECT count(*) AS others,
       pg_has_role('pg_read_all_stats', 'USAGE') AS visible,
       format('GRANT pg_monitor TO %I;', current_user) AS remedy
  FROM pg_stat_activity AS session
 WHERE backend_type = 'client backend'
   AND state IN ('active', 'disabled')
   AND pid <> pg_backend_pid()
   AND application_name <> $1
   AND query !~ 'rotate_(ticket_tokens|all_tickets)'
   AND NOT EXISTS (SELECT FROM pg_locks
                    WHERE pg_locks.pid = session.pid
                      AND relation = '@schema@.ticket_rotation_range'::regclass
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                      AND mode = 'RowShareLock')
