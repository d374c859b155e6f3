SELECT pg_catalog.current_database()::pg_catalog.text AS database,
       EXISTS (SELECT FROM pg_catalog.pg_available_extensions
               WHERE name OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name) AS available
