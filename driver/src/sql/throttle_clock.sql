-- The minute of the day, in the time zone $1 or else the session's.
SELECT (extract(hour FROM clock) * 60 + extract(minute FROM clock))::integer AS minute
  FROM (SELECT (clock_timestamp() AT TIME ZONE coalesce($1, current_setting('TimeZone')))::time) AS now (clock)
