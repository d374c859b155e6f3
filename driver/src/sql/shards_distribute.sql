SELECT pg_catalog.create_distributed_table($1::pg_catalog.text::pg_catalog.regclass, 'shard_key', colocate_with => $2)
