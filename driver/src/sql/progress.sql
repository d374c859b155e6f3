-- The newest run of a target, and the first transaction id that is unused as yet; times as text, for people and for
-- JSON alike.
SELECT run_id,
       state,
       phase,
       last_id,
       coalesce(tickets_done, 0) AS tickets_done,
       coalesce(tickets_planned, 0) AS tickets_planned,
       tickets_per_second::double precision AS tickets_per_second,
       extract(epoch FROM time_remaining)::double precision AS seconds_remaining,
       extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
                          coalesce(last_batch_at, started_at))::double precision AS idle_seconds,
       waiting_for,
       ranges_left,
       extract(epoch FROM batch_time)::double precision AS batch_time_seconds,
       nice,
       workers,
       pg_catalog.to_json(started_at) OPERATOR(pg_catalog.#>>) '{}' AS started_at,
       pg_catalog.to_json(updated_at) OPERATOR(pg_catalog.#>>) '{}' AS updated_at,
       pg_catalog.to_json(last_batch_at) OPERATOR(pg_catalog.#>>) '{}' AS last_batch_at,
       pg_catalog.to_json(finished_at) OPERATOR(pg_catalog.#>>) '{}' AS finished_at,
       extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) finished_at)::double precision
           AS finished_seconds,
       held_off,
       held_off_key,
       pg_catalog.to_json(held_off_at) OPERATOR(pg_catalog.#>>) '{}' AS held_off_at,
       key_column::pg_catalog.text AS key_column,
       token_format,
       without_token,
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::bigint AS next_transaction
FROM @schema@.batch_progress
WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) $1
  AND token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
ORDER BY run_id DESC
LIMIT 1
