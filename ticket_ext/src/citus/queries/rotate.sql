-- Gives each ticket ($1: keys, $2: the bytes of their tokens) a new token ($3), if it still has the one that was read.
-- Each shard knows the first and the last key ($4, $5). The lists would be parameters there, which its node may log: a
-- VOLATILE function keeps them here. What is materialized is sent to each node once, in no statement.
WITH fresh AS MATERIALIZED (
    SELECT key, @old@ AS old, new, place
    FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))
         WITH ORDINALITY AS fresh (key, old, new, place)
    WHERE pg_catalog.clock_timestamp() IS NOT NULL
)
UPDATE @target@ AS ticket
SET @token@ = fresh.new
FROM fresh
WHERE ticket.@key@ OPERATOR(pg_catalog.=) fresh.key
  AND ticket.@key@ OPERATOR(pg_catalog.>=) $4 AND ticket.@key@ OPERATOR(pg_catalog.<=) $5
  AND (@same@ OR ticket.@token@ IS NULL AND fresh.old IS NULL)
RETURNING fresh.place
