SELECT current_database()::text AS database,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'ticket_ext') AS available
