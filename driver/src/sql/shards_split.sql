-- The ledger of shard $1 becomes that of shard $2 too, number $7 (from 0) of the $3 that it was split into, under key
-- $4, for the hashes from $5 to $6. Each has all entries of it: those of tickets that others have do no harm. Of the
-- counts each has a part, and all of them the whole.
INSERT INTO @ledger@ (shard_key, shard_id, sweep, last_id, record, keys, digests, new_digests)
SELECT $4::pg_catalog.text::@key_type@, $2, sweep, last_id,
       CASE WHEN sweep OPERATOR(pg_catalog.>=) 0 THEN record
            ELSE record OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
                     'first', $5::bigint, 'last', $6::bigint,
                     'done', ((record OPERATOR(pg_catalog.->>) 'done')::bigint OPERATOR(pg_catalog.+) $7)
                             OPERATOR(pg_catalog./) $3,
                     'planned', ((record OPERATOR(pg_catalog.->>) 'planned')::bigint OPERATOR(pg_catalog.+) $7)
                                OPERATOR(pg_catalog./) $3)
       END,
       keys, digests, new_digests
FROM @ledger@
WHERE shard_id OPERATOR(pg_catalog.=) $1
