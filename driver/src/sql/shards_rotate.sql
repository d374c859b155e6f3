SELECT @schema@.rotate_ticket_shard($1::integer, $2::pg_catalog.text::pg_catalog.regclass,
                                    $3::pg_catalog.text::pg_catalog.regclass)
