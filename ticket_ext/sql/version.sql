-- Which edition of ticket_ext this is, and which version of it. The driver finds the plain-SQL edition by this table,
-- and compares the version with its own. It is no data of the users: each installation writes its own row.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TABLE @extschema@.ticket_rotation_version (
    version text NOT NULL,
    edition text NOT NULL CHECK (edition IN ('extension', 'plain')),
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE UNIQUE INDEX ticket_rotation_version_row ON @extschema@.ticket_rotation_version ((true));

COMMENT ON TABLE @extschema@.ticket_rotation_version IS 'What is installed: one row';
COMMENT ON COLUMN @extschema@.ticket_rotation_version.version IS 'The version of the functions and tables';
COMMENT ON COLUMN @extschema@.ticket_rotation_version.edition IS 'extension, or plain: without a library, as rotate-driver setup installs it';
COMMENT ON COLUMN @extschema@.ticket_rotation_version.installed_at IS 'When this version was installed';
COMMENT ON INDEX @extschema@.ticket_rotation_version_row IS 'Allows one row';

REVOKE ALL ON @extschema@.ticket_rotation_version FROM PUBLIC;
GRANT SELECT ON @extschema@.ticket_rotation_version TO PUBLIC;

SET LOCAL search_path TO @extschema@, pg_temp;
