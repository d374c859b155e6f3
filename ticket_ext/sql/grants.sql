-- The owner of the database, who is no superuser on most servers, goes on being able to dump it.
DO $$
DECLARE
    reader pg_catalog.text := (SELECT rolname FROM pg_catalog.pg_roles
                               WHERE rolname OPERATOR(pg_catalog.=) 'pg_database_owner'::pg_catalog.name);
BEGIN
    IF reader IS NULL THEN
        SELECT pg_catalog.pg_get_userbyid(datdba) INTO reader FROM pg_catalog.pg_database
        WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
    END IF;
    EXECUTE pg_catalog.format(
        'GRANT SELECT ON @extschema@.ticket_rotation, @extschema@.ticket_rotation_range, @extschema@.ticket_rotation_batch,
                         @extschema@.ticket_rotation_control, @extschema@.ticket_rotation_held_off,
                         @extschema@.batch_progress, @extschema@.ticket_guard TO %I', reader);
    EXECUTE pg_catalog.format('GRANT SELECT ON SEQUENCE @extschema@.ticket_rotation_run_id_seq TO %I', reader);
END
$$;
