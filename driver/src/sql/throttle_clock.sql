-- The minute of the day, in the time zone $1 or else the session's.
SELECT (extract(hour FROM clock)::integer OPERATOR(pg_catalog.*) 60 OPERATOR(pg_catalog.+)
        extract(minute FROM clock)::integer) AS minute
FROM (SELECT (pg_catalog.clock_timestamp() AT TIME ZONE
              coalesce($1, pg_catalog.current_setting('TimeZone')))::time AS clock) AS now
