-- Each leaked ticket has one entry, of a token that it had from its beginning or from the application. One that was
-- rotated twice has two entries, or the one of a token that the first time made.
WITH entry AS (
    SELECT key, digest FROM ticket_rotation_batch, unnest(keys, digests) AS entry (key, digest)
), known AS (
    SELECT id, ticket_token_digest(token) AS digest FROM leaked
    UNION
    SELECT id, ticket_token_digest(token) FROM written
)
SELECT format('skipped %s, replayed %s, doubled %s, old %s',
    (SELECT count(*) FROM leaked WHERE id NOT IN (SELECT key FROM entry)),
    (SELECT count(*) - count(DISTINCT key) FROM entry),
    (SELECT count(*) FROM entry JOIN leaked ON id = key WHERE (key, digest) NOT IN (SELECT id, digest FROM known)),
    (SELECT count(*) FROM ticket JOIN leaked USING (id, token)))
