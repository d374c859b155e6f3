-- ticket_ext @version@, the plain-SQL edition: regenerates the leaked tokens of a live table, exactly once each.
-- Made by: rotate-driver setup --print
--
-- Run it as the owner of the table, in the table's database, on PostgreSQL 13 or later: by psql, by a migration tool,
-- or in an SQL console. It is one transaction, with all of it or nothing; a tool that has one around each migration
-- does without the BEGIN below and the COMMIT at the end. Whoever rotates has to be its owner, or a member of that
-- role.

BEGIN;

@lock@
DO $setup$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension
               WHERE extname OPERATOR(pg_catalog.=) 'ticket_ext'::pg_catalog.name) THEN
        RAISE EXCEPTION 'extension ticket_ext is installed in this database: nothing was changed'
            USING HINT := 'The plain-SQL edition is for servers without it.';
    ELSIF pg_catalog.to_regclass('@schema@.ticket_rotation_version') IS NOT NULL THEN
        RAISE EXCEPTION 'schema @schema@ has an edition of ticket_ext already: nothing was changed'
            USING HINT := 'Another version is brought up to date by rotate-driver setup.';
    END IF;
END
$setup$;

CREATE SCHEMA @schema@;

