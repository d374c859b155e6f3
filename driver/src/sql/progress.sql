-- The newest run of a target; times as text, for people and for JSON alike.
SELECT run_id,
       state::text AS state,
       last_id,
       coalesce(tickets_done, 0) AS tickets_done,
       coalesce(tickets_planned, 0) AS tickets_planned,
       tickets_per_second::float8 AS tickets_per_second,
       extract(epoch FROM time_remaining)::float8 AS seconds_remaining,
       waiting_for,
       extract(epoch FROM batch_time)::float8 AS batch_time_seconds,
       nice,
       workers,
       to_json(started_at) #>> '{}' AS started_at,
       to_json(updated_at) #>> '{}' AS updated_at,
       to_json(finished_at) #>> '{}' AS finished_at
  FROM @schema@.batch_progress
 WHERE target::oid = $1
   AND token_column = $2::text::name
 ORDER BY run_id DESC
 LIMIT 1
