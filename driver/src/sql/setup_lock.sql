-- One setup at a time, for as long as its transaction lasts.
SET LOCAL lock_timeout = '10s';
DO $lock$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('rotate-driver setup', 0));
END
$lock$;
