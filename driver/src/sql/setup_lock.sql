-- One setup at a time, for as long as its transaction lasts. Literals are read as standard SQL has them.
SET LOCAL lock_timeout = '10s';
SET LOCAL standard_conforming_strings = on;
-- Citus, where there is one, would have the schema and its functions on all nodes. They are asked of none but this one.
SET LOCAL citus.enable_ddl_propagation = off;
DO $lock$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('rotate-driver setup', 0));
END
$lock$;
