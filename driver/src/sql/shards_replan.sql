UPDATE @schema@.ticket_rotation_shards SET shards = $2 WHERE run OPERATOR(pg_catalog.=) $1
