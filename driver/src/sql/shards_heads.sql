-- Plans a run in the ledger of each shard: keys $1 of the shards $2, with what was asked for
INSERT INTO @ledger@ (shard_key, shard_id, sweep, last_id, record)
SELECT planned.key::@key_type@, planned.shard, -1, 0,
       pg_catalog.jsonb_build_object('state', 'planned', 'token_column', $3::pg_catalog.text,
                                     'key_column', $4::pg_catalog.text, 'format', $5::pg_catalog.text,
                                     'fill_null', $6::boolean, 'force', $7::boolean)
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::bigint[])) AS planned (key, shard)
