INSERT INTO @schema@.ticket_rotation_version (version, edition) VALUES ('@version@', 'plain');
