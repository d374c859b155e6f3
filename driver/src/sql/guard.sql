-- The guard of a target, what it has held off by now, whichever run had retired it, and why this role may not change it
WITH held AS (
    SELECT held_off, held_off_key, held_off_at
    FROM @schema@.batch_progress
    WHERE target::pg_catalog.oid OPERATOR(pg_catalog.=) $1
      AND token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
), last AS (
    SELECT held_off_key, held_off_at
    FROM held
    WHERE held_off_at IS NOT NULL
    ORDER BY held_off_at DESC
    LIMIT 1
)
SELECT guard.action,
       coalesce(guard.enabled, false) AS enabled,
       coalesce((SELECT pg_catalog.sum(held_off) FROM held), 0)::bigint AS held_off,
       (SELECT held_off_key FROM last) AS held_off_key,
       (SELECT pg_catalog.to_json(held_off_at) OPERATOR(pg_catalog.#>>) '{}' FROM last) AS held_off_at,
       CASE WHEN NOT pg_catalog.pg_has_role(relowner, 'USAGE')
            THEN pg_catalog.format(
                'only the owner of %I.%I, %I, may put the guard on or take it off; for psql: '
                'SELECT @schema@.guard_ticket_tokens(%L, %L);',
                nspname, relname, pg_catalog.pg_get_userbyid(relowner), pg_catalog.format('%I.%I', nspname, relname),
                $2::pg_catalog.text)
       END AS refusal
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid OPERATOR(pg_catalog.=) relnamespace
LEFT JOIN @schema@.ticket_guard AS guard ON guard.target::pg_catalog.oid OPERATOR(pg_catalog.=) class.oid
    AND guard.token_column OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.name
WHERE class.oid OPERATOR(pg_catalog.=) $1
