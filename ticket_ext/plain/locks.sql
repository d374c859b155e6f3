-- How long a call waits for what other sessions have locked, as in lock_wait.rs: a few seconds for a table, a range or
-- a run, then an error that names the holder.

-- Sets a limit, unless a shorter one is set, and returns the one before.
CREATE FUNCTION @extschema@.ticket_limit_locks(longest interval) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    own interval := current_setting('lock_timeout');
BEGIN
    PERFORM set_config('lock_timeout', greatest(ceil(1000 * extract(epoch FROM longest)), 1)::text, true)
    WHERE own = interval '0' OR own > longest;
    RETURN own::text;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_limit_locks(interval) IS 'Limits waits for locks, returns the limit before';

CREATE FUNCTION @extschema@.ticket_unlimit_locks(before text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('lock_timeout', (1000 * extract(epoch FROM before::interval))::bigint::text, true);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_unlimit_locks(text) IS 'Takes a limit of waits back';

-- holding: a query for the pid and virtualtransaction of sessions.
CREATE FUNCTION @extschema@.ticket_holders(holding text, relation oid, argument anyelement) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    holders record;
BEGIN
    EXECUTE replace($q$
@include src/queries/holders.sql@
$q$, '@holding@', holding) INTO holders USING relation, argument;
    RETURN jsonb_build_object('', coalesce(holders.described, ''),
                              'end', coalesce(holders.remedy, 'SELECT pg_terminate_backend(process);'));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_holders(text, oid, anyelement) IS 'Who holds a lock, in words, and how to end the first';

CREATE FUNCTION @extschema@.ticket_refuse_held(what text, relation oid, modes text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    part oid;
    holders jsonb;
BEGIN
    -- It may be one of the partitions that is held.
    FOR part IN SELECT relation UNION SELECT relid::oid FROM pg_partition_tree(relation) LOOP
        holders := @extschema@.ticket_holders($q$
@include src/queries/holding.sql@
$q$, part, modes);
        EXIT WHEN holders ->> '' <> '';
    END LOOP;
    PERFORM @extschema@.ticket_refuse(CASE WHEN holders ->> '' = '' THEN 'NoHolder' ELSE 'Held' END,
                                      holders || jsonb_build_object('what', what));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_refuse_held(text, oid, text[]) IS 'Raises the error that names who holds a lock';

-- The lock of what is to come, on a table and its partitions: to read, to rotate, or to add or drop triggers, where
-- whoever writes queues behind a change that waits. EXPLAIN takes the same lock, and is allowed also to who may update
-- one column.
CREATE FUNCTION @extschema@.ticket_lock_table(context jsonb, mode text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := context ->> 'oid';
    is_whole boolean := mode IN ('add', 'drop') OR has_table_privilege(relation,
        CASE mode WHEN 'read' THEN 'SELECT' ELSE 'UPDATE' END);
    kind text := CASE mode WHEN 'read' THEN 'ACCESS SHARE' WHEN 'rotate' THEN 'ROW EXCLUSIVE'
                           WHEN 'add' THEN 'SHARE ROW EXCLUSIVE'
                           ELSE 'ACCESS EXCLUSIVE' END;
    statement text := format(CASE WHEN is_whole THEN 'LOCK TABLE %1$s IN %3$s MODE'
                                  WHEN mode = 'read' THEN 'EXPLAIN SELECT FROM %1$s'
                                  ELSE 'EXPLAIN UPDATE %1$s SET %2$I = %2$I'
                             END, context ->> 'target', context ->> 'column', kind);
    -- From the weakest that it waits for.
    modes text[] := '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,
                     ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}';
    before text := @extschema@.ticket_limit_locks('1 ms');
    longest interval;
    -- Citus would ask all nodes for the lock. NULL: there is none.
    asks_nodes text := current_setting('citus.enable_ddl_propagation', true);
BEGIN
    PERFORM set_config('citus.enable_ddl_propagation', 'off', true) WHERE asks_nodes IS NOT NULL;
    modes := modes[CASE mode WHEN 'read' THEN 8 WHEN 'rotate' THEN 5 WHEN 'add' THEN 3 ELSE 1 END:];
    FOREACH longest IN ARRAY ARRAY[CASE WHEN mode IN ('add', 'drop') THEN interval '2 s' ELSE '3 s' END, '0'] LOOP
        BEGIN
            EXECUTE statement;
            EXIT;
        EXCEPTION
            WHEN lock_not_available THEN
                IF longest = interval '0' THEN
                    PERFORM @extschema@.ticket_refuse_held('table ' || (context ->> 'table'), relation, modes);
                END IF;
            -- Renamed or dropped a moment ago, or not to be touched by this role: what is looked at next says so.
            WHEN undefined_table OR undefined_column OR invalid_schema_name OR insufficient_privilege THEN
                EXIT;
        END;
        PERFORM @extschema@.ticket_unlimit_locks(before);
        PERFORM @extschema@.ticket_limit_locks(longest);
    END LOOP;
    PERFORM @extschema@.ticket_unlimit_locks(before);
    PERFORM set_config('citus.enable_ddl_propagation', asks_nodes, true) WHERE asks_nodes IS NOT NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_lock_table(jsonb, text) IS 'Locks the target and its partitions';
