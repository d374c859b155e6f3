-- Least privilege: lets a role rotate the tokens of one table. It can read the table and change its
-- token column, and it can call the functions; the rotation tables it can neither read nor write. Those of the
-- plain-SQL edition it has to write, since its functions run as their caller: see docs/managed.md.
--
-- Run as the owner of the table and of the extension, in the database of the table:
--
--   psql -v role=rotator -v target=public.ticket -v token_column=token -v schema=public -f sql/roles.sql
--
-- role, which must exist: CREATE ROLE rotator LOGIN; then \password rotator
-- target is written as in SQL, with its schema and with quotes where the name needs them; schema is the extension's.

\set ON_ERROR_STOP on
BEGIN;

GRANT SELECT, UPDATE (:"token_column") ON :target TO :"role";

-- VACUUM between batches takes the table's owner, or from PostgreSQL 17 on: GRANT MAINTAIN ON ticket TO rotator.
-- That allows more, as REINDEX and LOCK TABLE, so it is left to you; without it, autovacuum does the work.

GRANT USAGE ON SCHEMA :"schema" TO :"role";

GRANT EXECUTE ON FUNCTION
    :"schema".start_ticket_rotation(pg_catalog.regclass, pg_catalog.name, integer, pg_catalog.name, pg_catalog.text, boolean, boolean),
    :"schema".rotate_ticket_tokens(bigint, integer, pg_catalog.regclass, pg_catalog.name),
    :"schema".pause_ticket_rotation(pg_catalog.regclass, pg_catalog.name),
    :"schema".resume_ticket_rotation(pg_catalog.regclass, pg_catalog.name),
    :"schema".cancel_ticket_rotation(pg_catalog.regclass, pg_catalog.name),
    :"schema".sweep_ticket_rotation(pg_catalog.regclass, pg_catalog.name),
    :"schema".tune_ticket_rotation(interval, double precision, integer, pg_catalog.regclass, pg_catalog.name),
    :"schema".note_ticket_rotation_wait(pg_catalog.text, pg_catalog.regclass, pg_catalog.name),
    :"schema".verify_ticket_rotation(pg_catalog.regclass, pg_catalog.name),
    :"schema".trace_ticket_token(pg_catalog.text, pg_catalog.regclass, pg_catalog.name),
    :"schema".trace_ticket_digests(bigint[], pg_catalog.regclass, pg_catalog.name),
    :"schema".forget_ticket_rotation(bigint)
TO :"role";
GRANT EXECUTE ON PROCEDURE
    :"schema".rotate_all_tickets(integer, interval, pg_catalog.regclass, pg_catalog.name)
TO :"role";

GRANT SELECT ON :"schema".batch_progress, :"schema".ticket_guard TO :"role";

-- The ledger of the extension is its owner's alone.
SELECT edition OPERATOR(pg_catalog.=) 'plain' AS is_plain FROM :"schema".ticket_rotation_version LIMIT 1
\gset
\if :is_plain
GRANT UPDATE, INSERT, SELECT ON
    :"schema".ticket_rotation, :"schema".ticket_rotation_range, :"schema".ticket_rotation_batch,
    :"schema".ticket_rotation_control, :"schema".ticket_rotation_held_off
TO :"role";
GRANT EXECUTE ON FUNCTION :"schema".ticket_cluster() TO :"role";
\endif

COMMIT;
