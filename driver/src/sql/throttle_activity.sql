-- Client sessions of others that are at work, in all databases. A session whose activity is not tracked may be.
-- Those that rotate do not count: drivers by their name ($1), which PGAPPNAME may have changed, and everybody by the
-- rows of the ranges (in schema $2) that a batch locks and, while it holds no lock yet, by its call.
SELECT pg_catalog.count(*) AS others,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS visible,
       pg_catalog.format('GRANT pg_monitor TO %I;', current_user) AS remedy
FROM pg_catalog.pg_stat_activity AS session
WHERE backend_type OPERATOR(pg_catalog.=) 'client backend'
  AND state OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'disabled'])
  AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND application_name OPERATOR(pg_catalog.<>) $1
  AND query OPERATOR(pg_catalog.!~) 'rotate_(ticket_tokens|all_tickets)'
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_namespace
      JOIN pg_catalog.pg_class AS range ON range.relnamespace OPERATOR(pg_catalog.=) pg_namespace.oid
          AND range.relname OPERATOR(pg_catalog.=) 'ticket_rotation_range'::pg_catalog.name
      JOIN pg_catalog.pg_database AS here ON here.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
      JOIN pg_catalog.pg_locks AS held ON held.relation OPERATOR(pg_catalog.=) range.oid
          AND held.database OPERATOR(pg_catalog.=) here.oid
          AND held.mode OPERATOR(pg_catalog.=) 'RowShareLock'
      WHERE pg_catalog.quote_ident(nspname) OPERATOR(pg_catalog.=) $2
        AND held.pid OPERATOR(pg_catalog.=) session.pid
  )
