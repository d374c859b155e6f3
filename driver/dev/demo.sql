-- The evidence after the newest run: one row per check, and an error unless all hold.
\pset footer off
CREATE TEMP VIEW batch AS
SELECT * FROM ticket_rotation_batch WHERE run_id = (SELECT max(run_id) FROM ticket_rotation);
CREATE TEMP VIEW entry AS
SELECT key, digest FROM batch, unnest(keys, digests) AS entry (key, digest);
CREATE TEMP TABLE evidence AS
SELECT 'tickets' AS "check", count(*) AS counted, (SELECT count(*) FROM leaked) AS expected FROM ticket
UNION ALL
SELECT 'tickets with a new token', count(*), (SELECT count(*) FROM leaked)
FROM ticket JOIN leaked USING (id) WHERE ticket.token <> leaked.token
UNION ALL
SELECT 'tickets without a token', count(*), 0 FROM ticket WHERE token IS NULL
UNION ALL
SELECT 'tokens that were leaked', count(*), 0 FROM ticket JOIN leaked USING (token)
UNION ALL
SELECT 'different tokens', count(DISTINCT token), (SELECT count(*) FROM leaked) FROM ticket
UNION ALL
SELECT 'tickets in the ledger', sum(tickets)::bigint, (SELECT count(*) FROM leaked) FROM batch
UNION ALL
SELECT 'tickets with an entry of their leaked token', count(*), (SELECT count(*) FROM leaked)
FROM entry JOIN leaked ON leaked.id = key AND ticket_token_digest(leaked.token) = digest;

TABLE evidence;

DO $$
BEGIN
    IF EXISTS (SELECT FROM evidence WHERE counted IS DISTINCT FROM expected) THEN
        RAISE EXCEPTION 'a check failed';
    END IF;
END
$$;
