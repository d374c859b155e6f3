-- ticket_ext @version@, the plain-SQL edition as an extension of pg_tle.
-- Made by: rotate-driver setup --print --tle
--
-- Run it as a role that has pgtle_admin, in a database with the extension pg_tle.

BEGIN;
SELECT pgtle.install_extension('ticket_ext', '@version@', 'Regenerates leaked tokens of a live table, exactly once each',
@quote@
@text@
@quote@);
CREATE SCHEMA IF NOT EXISTS @schema@;
CREATE EXTENSION ticket_ext SCHEMA @schema@;
COMMIT;
