SELECT @schema@.check_ticket_shard($1::pg_catalog.text::pg_catalog.regclass, $2::pg_catalog.text::pg_catalog.regclass)
       AS state,
       $1::pg_catalog.text::pg_catalog.regclass::pg_catalog.oid AS table_oid
