-- The newest run's evidence; times as text, for people and for JSON alike.
SELECT run_id,
       state,
       verified,
       pg_catalog.to_json(started_at) OPERATOR(pg_catalog.#>>) '{}' AS started_at,
       pg_catalog.to_json(finished_at) OPERATOR(pg_catalog.#>>) '{}' AS finished_at,
       tickets_rotated,
       tickets_swept,
       ledger_gaps,
       old_tokens,
       old_token_keys,
       not_rotated,
       not_rotated_keys,
       created_since,
       without_token,
       duplicate_tokens
FROM @schema@.verify_ticket_rotation($1::pg_catalog.oid::pg_catalog.regclass, $2::pg_catalog.text::pg_catalog.name)
