-- Names of the extension's functions and tables, and of what its view and its evidence return
WITH extension AS (
    SELECT oid FROM pg_extension WHERE extname = 'ticket_ext'
), member AS (
    SELECT classid, objid FROM pg_depend JOIN extension ON refobjid = extension.oid WHERE deptype = 'e'
), name AS (
    SELECT proname::text AS name FROM member JOIN pg_proc ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid
    UNION
    SELECT relname FROM member JOIN pg_class ON classid = 'pg_class'::regclass AND objid = pg_class.oid
    WHERE relkind IN ('r', 'v')
    UNION
    SELECT attname FROM pg_attribute WHERE attrelid = 'batch_progress'::regclass AND attnum > 0
    UNION
    SELECT unnest(proargnames) FROM pg_proc WHERE proname = 'verify_ticket_rotation'
)
SELECT string_agg(name, ' ' ORDER BY name) FROM name
