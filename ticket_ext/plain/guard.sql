-- The guard: a trigger on the target that keeps retired tokens from coming back (guard/*.rs). It reads the ledger and
-- counts what it holds off as their owner. A batch leaves at once, by a setting that names its transaction. Whoever
-- sets it by hand may as well write any other token that he knows.

-- The column that a trigger guards: the one that its condition names, or of a partition's copy, that of the trigger
-- that it is a copy of; and the type that it is made of.
CREATE FUNCTION @extschema@.ticket_guarded(
    relation oid, trigger_name name, OUT trigger oid, OUT token_column text, OUT kind text
)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE origin AS (
        SELECT oid AS own, oid, tgparentid, tgrelid FROM pg_trigger
        WHERE tgrelid = relation AND tgname = trigger_name AND tgqual IS NOT NULL
        UNION ALL
        SELECT own, parent.oid, parent.tgparentid, parent.tgrelid
        FROM origin JOIN pg_trigger AS parent ON parent.oid = origin.tgparentid
    )
    SELECT own, guarded.attname,
           CASE WHEN type.oid = 'uuid'::regtype THEN 'uuid' WHEN type.oid = 'bytea'::regtype THEN 'bytea'
                WHEN type.typcategory = 'S' THEN 'text' END
    FROM origin
    JOIN pg_attribute AS named ON named.attrelid = tgrelid AND named.attnum > 0
    JOIN pg_depend ON (classid, objid) = ('pg_trigger'::regclass, origin.oid)
        AND (refclassid, refobjid, refobjsubid) = ('pg_class'::regclass, named.attrelid, named.attnum)
    JOIN pg_attribute AS guarded ON guarded.attrelid = relation AND guarded.attname = named.attname
    JOIN pg_type AS declared ON declared.oid = guarded.atttypid
    JOIN pg_type AS type ON type.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
    LIMIT 1
$$;
COMMENT ON FUNCTION @extschema@.ticket_guarded(oid, name) IS 'The column that a trigger guards';

CREATE FUNCTION @extschema@.ticket_digest_of(kind text, token text) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE kind WHEN 'uuid' THEN @extschema@.ticket_token_digest(token::uuid)
                     WHEN 'bytea' THEN @extschema@.ticket_token_digest(token::bytea)
                     WHEN 'text' THEN @extschema@.ticket_token_digest(token) END
$$;
COMMENT ON FUNCTION @extschema@.ticket_digest_of(text, text) IS 'The digest of a token that is written as a text';

-- The runs of a column of this table, or of one that it is a partition of, with their keys, the newest first. One that
-- was restored goes by names.
CREATE FUNCTION @extschema@.ticket_guarded_runs(relation oid, token_column text)
RETURNS TABLE (run_id bigint, sweeps integer, upper_id bigint, key_column text, token_format text)
LANGUAGE sql STABLE
AS $body$
    SELECT run.run_id, run.sweep, run.upper_id, own.attname::text, run.token_format
    FROM (SELECT guarded.* FROM (SELECT ARRAY(SELECT relid::oid FROM pg_partition_ancestors(relation)) || relation)
        AS tree (tables),
          LATERAL @extschema@.ticket_runs_of(tables) AS guarded) AS run
    LEFT JOIN pg_attribute AS token ON token.attrelid = target AND token.attnum = token_number
    LEFT JOIN pg_attribute AS key ON key.attrelid = target AND key.attnum = key_number
    JOIN pg_attribute AS own ON own.attrelid = relation AND own.attnum > 0 AND NOT own.attisdropped
        AND own.attname = CASE WHEN target = target_oid THEN key.attname ELSE key_column END
    WHERE CASE WHEN target = target_oid THEN token.attname ELSE run.token_column END = $2
    ORDER BY run.run_id DESC
$body$;
COMMENT ON FUNCTION @extschema@.ticket_guarded_runs(oid, text) IS 'Runs whose entries a guard asks';

CREATE FUNCTION @extschema@.ticket_runs_of(tables oid[])
RETURNS TABLE (run_id bigint, sweep integer, upper_id bigint, target oid, target_oid oid, token_number smallint,
               token_column text, key_number smallint, key_column text, token_format text)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
@include src/queries/guarded_runs.sql@
    ;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_runs_of(oid[]) IS 'Runs of tables';

-- Whether the run of a column's that knows the ticket of a row has retired a token from it.
CREATE FUNCTION @extschema@.ticket_retired(relation oid, column_name text, digest bigint, rows jsonb[],
    OUT run bigint, OUT key_column text)
LANGUAGE plpgsql STABLE
AS $body$
#variable_conflict use_column
DECLARE
    asked record;
BEGIN
    FOR asked IN
        SELECT key_column, id, array_agg(run_id ORDER BY run_id DESC) AS runs,
            array_agg(sweeps ORDER BY run_id DESC) AS sweeps
        FROM (SELECT known.*, CASE WHEN value ~ '-.*-' THEN @extschema@.ticket_key(value::uuid) ELSE value::bigint END
            AS id
              FROM @extschema@.ticket_guarded_runs($1, $2) AS known,
                   LATERAL (SELECT DISTINCT image ->> known.key_column AS value FROM unnest($4) AS image) AS image
              WHERE value ~ '^-?[0-9]+$|^[0-9a-f]{8}-') AS known
        WHERE id <= upper_id
        GROUP BY key_column, id
        ORDER BY max(run_id) DESC
    LOOP
        SELECT batch.run_id, asked.key_column INTO run, key_column FROM (
            SELECT * FROM @extschema@.ticket_retiring(asked.runs, asked.sweeps, asked.id) OFFSET 0) AS batch
        WHERE EXISTS (SELECT FROM unnest(array_positions(keys, asked.id)) AS place WHERE digests[place] = $3)
        LIMIT 1;
        EXIT WHEN run IS NOT NULL;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_retired(oid, text, bigint, jsonb[]) IS 'Which run has retired a token from the ticket of a row';

CREATE FUNCTION @extschema@.ticket_retiring(runs bigint[], sweeps integer[], id bigint)
RETURNS TABLE (run_id bigint, keys bigint[], digests bigint[])
LANGUAGE plpgsql STABLE
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
@include src/queries/retired_entries.sql@
    ;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_retiring(bigint[], integer[], bigint) IS 'The batches that reach over an id';

CREATE FUNCTION @extschema@.ticket_refuse_retired(guard oid, token_column text, run bigint, key text) RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    origin record;
BEGIN
    EXECUTE $q$
@include src/queries/guard_origin.sql@
$q$ INTO origin USING guard, token_column;
    PERFORM @extschema@.ticket_refuse('RetiredToken', jsonb_build_object(
        'key', coalesce(key, ''), 'table', origin.name, 'run', run,
        'call', @extschema@.ticket_call(jsonb_build_object('arguments', origin.arguments), 'guard_ticket_tokens')));
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_refuse_retired(oid, text, bigint, text) IS 'Refuses a write of a retired token';

-- A row that is inserted has no live token: it gets a new one, or is refused where a function makes them. Where it then
-- turns out to be there already and the INSERT becomes an UPDATE, that new token stands for the live one.
CREATE FUNCTION @extschema@.ticket_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    stand_in text := nullif(current_setting('ticket_rotation.stand_in', true), '');
    guard record;
    rows jsonb[];
    token text;
    retired record;
    format text;
    fresh text;
BEGIN
    IF current_setting('ticket_rotation.batch', true) = pg_current_xact_id_if_assigned()::text THEN
        RETURN NEW;
    END IF;
    SELECT * INTO guard FROM @extschema@.ticket_guarded(TG_RELID, TG_NAME);
    IF TG_OP NOT IN ('INSERT', 'UPDATE') OR TG_LEVEL <> 'ROW' OR coalesce(TG_ARGV[0], '') NOT IN ('keep', 'refuse')
       OR guard.token_column IS NULL THEN
        PERFORM @extschema@.ticket_refuse('GuardByHand');
    END IF;
    rows := CASE TG_OP WHEN 'UPDATE' THEN ARRAY[to_jsonb(NEW), to_jsonb(OLD)] ELSE ARRAY[to_jsonb(NEW)] END;
    token := @extschema@.ticket_digest_of(guard.kind, rows[1] ->> guard.token_column);
    IF stand_in IS NOT NULL THEN
        PERFORM set_config('ticket_rotation.stand_in', '', true);
        IF TG_OP = 'UPDATE' AND stand_in = token THEN
            RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, rows[2] -> guard.token_column));
        END IF;
    END IF;
    retired := @extschema@.ticket_retired(TG_RELID, guard.token_column, token::bigint, rows);
    IF retired.run IS NULL THEN
        RETURN NEW;
    END IF;
    format := (SELECT token_format FROM @extschema@.ticket_guarded_runs(TG_RELID, guard.token_column) LIMIT 1);
    IF TG_ARGV[0] = 'refuse' OR TG_OP = 'INSERT' AND starts_with(format, 'function:') THEN
        PERFORM @extschema@.ticket_refuse_retired(guard.trigger, guard.token_column, retired.run,
            rows[1] ->> retired.key_column);
    END IF;
    PERFORM @extschema@.ticket_hold_off(retired.run, rows[1] ->> retired.key_column);
    IF TG_OP = 'UPDATE' THEN
        RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, rows[2] -> guard.token_column));
    END IF;
    EXECUTE pg_catalog.format('SELECT (%s)::text', @extschema@.ticket_new_token(
        jsonb_build_object('kind', guard.kind), jsonb_build_object('token_format', format))) INTO fresh;
    PERFORM set_config('ticket_rotation.stand_in', @extschema@.ticket_digest_of(guard.kind, fresh)::text, true);
    RETURN jsonb_populate_record(NEW, jsonb_build_object(guard.token_column, fresh));
END
$body$;

-- Now and then a session folds the newest rows into one, so that a storm of writes leaves some hundred.
CREATE FUNCTION @extschema@.ticket_hold_off(run bigint, key text) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    EXECUTE $q$
@include src/queries/hold_off.sql@
$q$ USING run, coalesce(key, '');
    IF random() < 0.002 THEN
        EXECUTE $q$
@include src/queries/fold_held_off.sql@
$q$ USING run, 1000::bigint;
    END IF;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_hold_off(bigint, text) IS 'Counts a write that was held off';

-- The table and column to be guarded, for its owner.
CREATE FUNCTION @extschema@.ticket_guard_place(target regclass, token_column name, path text, function text)
RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    session jsonb := @extschema@.ticket_session('control');
    context jsonb := @extschema@.ticket_target(target, token_column, path);
    place record;
    drops text;
BEGIN
    EXECUTE $q$
@include src/queries/guard_place.sql@
$q$ INTO place USING (context ->> 'oid')::oid, context ->> 'column';
    IF place.is_owner IS NOT TRUE THEN
        PERFORM @extschema@.ticket_refuse('NotOwner', context || jsonb_build_object(
            'call', @extschema@.ticket_call(context, function)));
    END IF;
    context := @extschema@.ticket_described(context, 'control', NULL);
    IF (context ->> 'citus')::boolean THEN
        PERFORM @extschema@.ticket_refuse('CitusGuard', context);
    END IF;
    PERFORM @extschema@.ticket_check_role('control');
    EXECUTE $q$
@include src/queries/drop_guard.sql@
$q$ INTO drops USING (context ->> 'oid')::oid, context ->> 'column';
    RETURN context || jsonb_build_object('insert_trigger', place.insert_trigger, 'update_trigger', place.update_trigger,
                                         'drops', drops);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_guard_place(regclass, name, text, text) IS 'Where a guard stands or is to stand';

CREATE FUNCTION @extschema@.ticket_put_guard_on(target regclass, token_column name, action text, path text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    place jsonb;
BEGIN
    IF action IS NULL OR action NOT IN ('keep', 'refuse') THEN
        PERFORM @extschema@.ticket_refuse('UnknownAction', jsonb_build_object('found', coalesce(action, 'NULL')));
    END IF;
    FOR attempt IN 1..2 LOOP
        place := @extschema@.ticket_guard_place(target, token_column, path, 'guard_ticket_tokens');
        IF EXISTS (SELECT FROM @extschema@.ticket_guard AS guard
                   WHERE guard.target::oid = (place ->> 'oid')::oid AND guard.token_column = place ->> 'column'
                     AND guard.action = $3 AND enabled) THEN
            RETURN false;
        END IF;
        PERFORM @extschema@.ticket_lock_table(place, CASE WHEN place ->> 'drops' IS NULL THEN 'add' ELSE 'drop' END);
    END LOOP;
    IF place ->> 'drops' IS NOT NULL THEN
        EXECUTE place ->> 'drops';
    END IF;
    -- A row that is refused must be one that is really inserted: no INSERT ... ON CONFLICT that turns out to be an
    -- UPDATE.
    EXECUTE @extschema@.ticket_fill($q$
@include src/queries/put_guard_on.sql@
$q$, place || jsonb_build_object('timing', CASE action WHEN 'keep' THEN 'BEFORE' ELSE 'AFTER' END, 'action', action));
    RETURN true;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_put_guard_on(regclass, name, text, text) IS 'Puts the guard on, by the search_path of the caller';

CREATE FUNCTION @extschema@.ticket_take_guard_off(target regclass, token_column name, path text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place jsonb := @extschema@.ticket_guard_place(target, token_column, path, 'unguard_ticket_tokens');
BEGIN
    IF place ->> 'drops' IS NOT NULL THEN
        PERFORM @extschema@.ticket_lock_table(place, 'drop');
        place := @extschema@.ticket_guard_place(target, token_column, path, 'unguard_ticket_tokens');
    END IF;
    IF place ->> 'drops' IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE place ->> 'drops';
    RETURN true;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_take_guard_off(regclass, name, text) IS 'Takes the guard off, by the search_path of the caller';
