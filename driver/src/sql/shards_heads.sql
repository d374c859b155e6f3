-- Plans a run in the ledger of each shard: keys $1 of the shards $2, which have the hashes from $3 to $4, with what was
-- asked for
INSERT INTO @ledger@ (shard_key, shard_id, sweep, last_id, record)
SELECT planned.key::@key_type@, planned.shard, -1, 0,
       pg_catalog.jsonb_build_object('state', 'planned', 'first', planned.first, 'last', planned.last,
                                     'token_column', $5::pg_catalog.text, 'key_column', $6::pg_catalog.text,
                                     'format', $7::pg_catalog.text, 'fill_null', $8::boolean, 'force', $9::boolean)
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::bigint[]),
                pg_catalog.unnest($3::bigint[]), pg_catalog.unnest($4::bigint[])) AS planned (key, shard, first, last)
