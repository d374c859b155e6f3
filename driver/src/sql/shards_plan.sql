INSERT INTO @schema@.ticket_rotation_shards (run, target, token_column, ledger, shards)
VALUES ($1, $2::pg_catalog.oid::pg_catalog.regclass, $3::pg_catalog.text::pg_catalog.name, $4, $5)
