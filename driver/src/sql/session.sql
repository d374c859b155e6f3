-- Which table and column a call without arguments would mean, and whether a call that is a transaction of its own would
-- not see what others commit.
WITH setting AS (
    SELECT pg_catalog.current_setting('ticket_ext.target', true) AS target,
           pg_catalog.current_setting('ticket_ext.token_column', true) AS token_column
), wanted AS (
    SELECT coalesce($1, CASE WHEN target OPERATOR(pg_catalog.<>) '' THEN target END, 'ticket') AS target,
           coalesce($2, CASE WHEN token_column OPERATOR(pg_catalog.<>) '' THEN token_column END, 'token') AS token_column
    FROM setting
)
SELECT target,
       pg_catalog.to_regclass(target)::pg_catalog.oid AS target_oid,
       token_column,
       pg_catalog.current_setting('default_transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' AS isolated
FROM wanted
