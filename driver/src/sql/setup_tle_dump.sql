-- What pg_dump is to keep of an extension: the data of the runs.
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation', '');
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation_range', '');
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation_batch', '');
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation_control', '');
SELECT pg_catalog.pg_extension_config_dump('@schema@.ticket_rotation_held_off', '');
