-- The guard: what it has held off, and where it stands.

-- Operators and functions are looked up now: a look-alike in the extension's schema is not to be found.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Writes are added, not counted up in a row: sessions that are held off at the same time do not wait for each other,
-- and an old snapshot makes it no slower. Now and then a session folds the newest rows into one.
CREATE TABLE @extschema@.ticket_rotation_held_off (
    run_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    process integer NOT NULL DEFAULT pg_backend_pid(),
    key text NOT NULL,
    writes bigint NOT NULL DEFAULT 1 CHECK (writes > 0),
    PRIMARY KEY (run_id, at, process)
);

COMMENT ON TABLE @extschema@.ticket_rotation_held_off IS 'Writes of retired tokens that the guard held off';
COMMENT ON COLUMN @extschema@.ticket_rotation_held_off.run_id IS 'The run that had retired the token (no foreign key: a parallel restore may load this table first)';
COMMENT ON COLUMN @extschema@.ticket_rotation_held_off.at IS 'When the last of them was held off';
COMMENT ON COLUMN @extschema@.ticket_rotation_held_off.process IS 'The server process whose write it was';
COMMENT ON COLUMN @extschema@.ticket_rotation_held_off.key IS 'Key of the ticket that it was about';
COMMENT ON COLUMN @extschema@.ticket_rotation_held_off.writes IS 'How many there were';
COMMENT ON INDEX @extschema@.ticket_rotation_held_off_pkey IS 'Finds the last one of a run';

SELECT pg_catalog.pg_extension_config_dump('@extschema@.ticket_rotation_held_off', '');

CREATE FUNCTION @extschema@.ticket_rotation_held_off_totals(
    run_id bigint,
    OUT held_off bigint,
    OUT held_off_key text,
    OUT held_off_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT counted.writes, last.key, last.at
    FROM (SELECT coalesce(sum(writes), 0)::bigint AS writes
          FROM @extschema@.ticket_rotation_held_off AS held WHERE held.run_id = $1) AS counted
    LEFT JOIN (SELECT key, at
               FROM @extschema@.ticket_rotation_held_off AS held WHERE held.run_id = $1
               ORDER BY at DESC
               LIMIT 1) AS last ON true
$$;

COMMENT ON FUNCTION @extschema@.ticket_rotation_held_off_totals(bigint) IS 'Part of batch_progress: how many writes the guard held off, and the last of them';

-- A trigger depends on the columns that its condition names.
CREATE VIEW @extschema@.ticket_guard AS
SELECT tgrelid::regclass AS target,
       attname AS token_column,
       max(rtrim(encode(tgargs, 'escape'), '\0')) AS action,
       bool_and(NOT EXISTS (
           SELECT FROM pg_trigger AS part
           WHERE part.tgfoid = own.tgfoid
             AND part.tgrelid IN (SELECT own.tgrelid UNION SELECT relid FROM pg_partition_tree(own.tgrelid))
             AND part.tgname = own.tgname
             AND part.tgenabled <> 'A')) AS enabled
FROM pg_trigger AS own
JOIN pg_depend ON classid = 'pg_trigger'::regclass AND objid = own.oid
    AND refclassid = 'pg_class'::regclass AND refobjid = tgrelid AND refobjsubid > 0
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
WHERE tgfoid = '@extschema@.ticket_guard()'::regprocedure
  AND tgparentid = 0
GROUP BY tgrelid, attname;

COMMENT ON VIEW @extschema@.ticket_guard IS 'Guarded token columns, one row each';
COMMENT ON COLUMN @extschema@.ticket_guard.target IS 'The guarded table, with its partitions';
COMMENT ON COLUMN @extschema@.ticket_guard.token_column IS 'The guarded column';
COMMENT ON COLUMN @extschema@.ticket_guard.action IS 'What becomes of a write that would bring back a retired token: keep (it keeps the live one) or refuse';
COMMENT ON COLUMN @extschema@.ticket_guard.enabled IS 'Whether the guard''s triggers fire in every session; not after ALTER TABLE ... DISABLE TRIGGER';

REVOKE ALL ON @extschema@.ticket_rotation_held_off, @extschema@.ticket_guard FROM PUBLIC;

SET LOCAL search_path TO @extschema@, pg_temp;
