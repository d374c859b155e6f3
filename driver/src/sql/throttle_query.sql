-- One row, whatever the query returns: the type of its first column, and the first row's value.
SELECT pg_typeof(throttle_value)::text AS type,
       throttle_value::text AS value
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (SELECT * FROM (
@query@
) AS throttle (throttle_value) LIMIT 1) AS first ON true
