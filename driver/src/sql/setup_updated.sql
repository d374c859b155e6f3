UPDATE @schema@.ticket_rotation_version SET version = '@version@', installed_at = pg_catalog.clock_timestamp()
