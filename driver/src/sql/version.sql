SELECT version FROM @schema@.ticket_rotation_version
