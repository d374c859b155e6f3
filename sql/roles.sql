-- Least privilege: lets a role rotate the tokens of one table. It can read the table and change its
-- token column, and it can use the rotation tables; it owns nothing and is no superuser.
--
-- Run as the owner of the table and of the extension, in the database of the table:
--
--   psql -v role=rotator -v target=public.ticket -v token_column=token -v schema=public -f sql/roles.sql
--
-- role, which must exist: CREATE ROLE rotator LOGIN; then \password rotator
-- target is written as in SQL, with quotes where the name needs them; schema is the extension's.

\set ON_ERROR_STOP on
BEGIN;

GRANT SELECT, UPDATE (:"token_column") ON :target TO :"role";

-- VACUUM between batches takes the table's owner, or from PostgreSQL 17 on: GRANT MAINTAIN ON ticket TO rotator.
-- That allows more, as REINDEX and LOCK TABLE, so it is left to you; without it, autovacuum does the work.

GRANT USAGE ON SCHEMA :"schema" TO :"role";

-- A run is started, paused, resumed, cancelled and finished; its ranges are split and finished.
GRANT SELECT, INSERT, UPDATE ON :"schema".ticket_rotation, :"schema".ticket_rotation_range TO :"role";

-- A run is tuned, and what its drivers wait for is noted.
GRANT SELECT, INSERT, UPDATE ON :"schema".ticket_rotation_control TO :"role";

-- The ledger is only ever added to: no UPDATE, no DELETE.
GRANT SELECT, INSERT ON :"schema".ticket_rotation_batch TO :"role";

GRANT SELECT ON :"schema".batch_progress TO :"role";

COMMIT;
