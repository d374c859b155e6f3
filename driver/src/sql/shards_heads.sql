-- Plans a run in the ledger of each shard: keys $1 of the shards $2, which have the hashes from $3 to $4, with what was
-- asked for
INSERT INTO @ledger@ (shard_key, shard_id, sweep, last_id, record)
SELECT ($1::pg_catalog.text[])[place]::@key_type@, ($2::bigint[])[place], '-1'::integer, 0,
       pg_catalog.jsonb_build_object('state', 'planned', 'first', ($3::bigint[])[place], 'last', ($4::bigint[])[place],
                                     'token_column', $5::pg_catalog.text, 'key_column', $6::pg_catalog.text,
                                     'format', $7::pg_catalog.text, 'fill_null', $8::boolean, 'force', $9::boolean)
FROM pg_catalog.generate_series(1, pg_catalog.array_length($2::bigint[], 1)) AS place
