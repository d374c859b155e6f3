-- Whether anybody waits for a lock that a VACUUM of statement $1 holds, which this role runs. The server keeps the
-- beginning of a statement.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity AS vacuum
    JOIN pg_catalog.pg_locks AS waiting ON NOT waiting.granted
        AND vacuum.pid OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids(waiting.pid))
    WHERE vacuum.state OPERATOR(pg_catalog.=) 'active'
      AND vacuum.query OPERATOR(pg_catalog.<>) ''
      AND pg_catalog.starts_with($1, vacuum.query)
) AS waits
