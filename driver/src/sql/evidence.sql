SELECT * FROM @schema@.verify_ticket_rotation($1::oid::regclass, $2::text::name)
