-- Which of the listed tokens ($3, of the entries $4) were retired, when, by which run and ticket, and which runs have
-- forgotten what they retired.
WITH listed AS MATERIALIZED (
    SELECT @schema@.ticket_token_digest(token) AS digest, entry
    FROM unnest($3, $4) AS listed (token, entry)
)
SELECT entry, run_id, key, to_json(retired_at) #>> '{}' AS retired_at
FROM @schema@.trace_ticket_digests(
    (SELECT array_agg(digest) FROM listed), $1::oid::regclass, $2::text::name
) AS traced
LEFT JOIN listed ON listed.digest = traced.digest
