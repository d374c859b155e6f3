SELECT shards FROM @schema@.ticket_rotation_shards WHERE run OPERATOR(pg_catalog.=) $1 FOR UPDATE
