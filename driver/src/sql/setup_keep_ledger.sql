-- The tables of the runs stay as they are, and nothing that works on them. Functions go with their guard's triggers.
DO $keep$
DECLARE
    dropped pg_catalog.text;
BEGIN
    FOR dropped IN
        SELECT pg_catalog.format('DROP VIEW %s CASCADE', pg_class.oid::pg_catalog.regclass)
        FROM pg_catalog.pg_class
        WHERE relnamespace OPERATOR(pg_catalog.=) @number@::pg_catalog.oid AND relkind OPERATOR(pg_catalog.=) 'v'
    LOOP
        EXECUTE dropped;
    END LOOP;
    FOR dropped IN
        SELECT pg_catalog.format('DROP ROUTINE %s CASCADE', pg_proc.oid::pg_catalog.regprocedure)
        FROM pg_catalog.pg_proc
        WHERE pronamespace OPERATOR(pg_catalog.=) @number@::pg_catalog.oid
    LOOP
        EXECUTE dropped;
    END LOOP;
END
$keep$;
DROP TABLE @schema@.ticket_rotation_version;
ALTER SCHEMA @schema@ RENAME TO @kept@;
