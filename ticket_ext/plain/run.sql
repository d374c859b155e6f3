-- Runs: looked up for a target, paused, resumed, cancelled (run.rs, identity.rs).

CREATE FUNCTION @extschema@.ticket_newest_run(relation oid, table_name text, number smallint, token_column text)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(run) FROM (
@include src/queries/newest_run.sql@
    ) AS run);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_newest_run(oid, text, smallint, text) IS 'The newest run of a target, or one that was a run of its name';

-- NULL, or why it is not a run of the table, or of the columns, that the call is about.
CREATE FUNCTION @extschema@.ticket_mismatch(context jsonb, run jsonb) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE
        WHEN NOT (run ->> 'same_table')::boolean THEN 'TableSwapped'
        WHEN NOT (run ->> 'same_name')::boolean THEN 'TableRenamed'
        WHEN NOT CASE WHEN (run ->> 'restored')::boolean THEN run ->> 'token_column' = context ->> 'column'
                      ELSE (run ->> 'same_token_number')::boolean AND NOT (run ->> 'name_is_anothers')::boolean
                 END THEN 'ColumnSwapped'
        WHEN NOT CASE WHEN (run ->> 'restored')::boolean THEN run ->> 'key_column' = coalesce(context ->> 'key_name',
            '')
                      ELSE (run ->> 'key_number')::integer IS NOT DISTINCT
                          FROM coalesce((context ->> 'key_number')::integer, 0)
                 END THEN 'KeyMoved'
    END;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_mismatch(jsonb, jsonb) IS 'Why a run is none of the target';

CREATE FUNCTION @extschema@.ticket_run(context jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb := @extschema@.ticket_newest_run((context ->> 'oid')::oid, context ->> 'table',
                                               (context ->> 'token_number')::smallint, context ->> 'column');
BEGIN
    RETURN run || jsonb_build_object(
        'mismatch', @extschema@.ticket_mismatch(context, run),
        'has_been_swept', run ->> 'state' = 'finished' OR (run ->> 'sweep')::integer > 1);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_run(jsonb) IS 'The newest run of a target';

CREATE FUNCTION @extschema@.ticket_refuse_run(error text, context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    start text := @extschema@.ticket_call(context, 'start_ticket_rotation');
    facts jsonb := context || jsonb_build_object('run', run -> 'run_id', 'state', run -> 'state', 'start', start);
BEGIN
    IF error = 'WrongState' AND run ->> 'state' = 'paused' THEN
        error := 'Paused';
    END IF;
    PERFORM @extschema@.ticket_refuse(error, facts || jsonb_build_object(
        'name', run -> 'target_name', 'now_called', run -> 'now_called', 'key', run -> 'key_column',
        'column', run -> 'token_column',
        'call', CASE error WHEN 'Unfinished' THEN @extschema@.ticket_call(context, 'cancel_ticket_rotation')
                           WHEN 'Paused' THEN @extschema@.ticket_call(context, 'resume_ticket_rotation')
                           WHEN 'TableRenamed' THEN @extschema@.ticket_call(context, 'resume_ticket_rotation')
                           ELSE start END));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_refuse_run(text, jsonb, jsonb) IS 'Raises an error about a run';

-- The newest run of a target that must have had one.
CREATE FUNCTION @extschema@.ticket_require_run(context jsonb, matching boolean) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb := @extschema@.ticket_run(context);
BEGIN
    IF run IS NULL THEN
        PERFORM @extschema@.ticket_refuse_run('NoRun', context, '{}');
    ELSIF matching AND run ->> 'mismatch' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse_run(run ->> 'mismatch', context, run);
    END IF;
    RETURN run;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_require_run(jsonb, boolean) IS 'The newest run of a target that must have had one';

CREATE FUNCTION @extschema@.ticket_refuse_state(context jsonb, number bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    now jsonb := (SELECT jsonb_build_object('run_id', run_id, 'state', state)
                  FROM @extschema@.ticket_rotation WHERE run_id = number);
BEGIN
    PERFORM @extschema@.ticket_refuse_run('WrongState', context, now);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_refuse_state(jsonb, bigint) IS 'Raises the error of a run that is no longer active';

-- A statement that changes the row of a run, or the one row that a target may have of an unfinished run: another
-- session may have it locked. Its arguments are the fields of a JSON object, and its result is one.
CREATE FUNCTION @extschema@.ticket_change(what text, statement text, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    before text := @extschema@.ticket_limit_locks('3 s');
    changed jsonb;
BEGIN
    BEGIN
        CASE statement
        WHEN 'change' THEN
            changed := @extschema@.ticket_change_run(
                (arguments ->> 'run')::bigint, arguments ->> 'state',
                ARRAY(SELECT jsonb_array_elements_text(arguments -> 'from')), arguments ->> 'name',
                    arguments ->> 'column',
                (arguments ->> 'resumes')::boolean);
        WHEN 'start' THEN changed := @extschema@.ticket_insert_run(arguments);
        ELSE changed := @extschema@.ticket_mark_run(statement, (arguments ->> 'run')::bigint);
        END CASE;
    EXCEPTION
        WHEN lock_not_available THEN
            PERFORM @extschema@.ticket_refuse_held(what, '@extschema@.ticket_rotation'::regclass,
                                                   '{RowShareLock,RowExclusiveLock}');
    END;
    PERFORM @extschema@.ticket_unlimit_locks(before);
    RETURN changed;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_change(text, text, jsonb) IS 'Changes the row of a run, within a few seconds';

CREATE FUNCTION @extschema@.ticket_change_run(run bigint, state text, from_states text[], name text,
    token_column text, resumes boolean)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    changed bigint;
BEGIN
@include src/queries/change_run.sql@
    INTO changed;
    RETURN to_jsonb(changed);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_change_run(bigint, text, text[], text, text, boolean) IS 'Brings a run into a state';

CREATE FUNCTION @extschema@.ticket_mark_run(statement text, run bigint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    marked record;
BEGIN
    EXECUTE CASE statement WHEN 'begin_sweep' THEN $q$
@include src/queries/begin_sweep.sql@
$q$ WHEN 'finish' THEN $q$
@include src/queries/finish_run.sql@
$q$ ELSE $q$
@include src/queries/reopen_run.sql@
$q$ END INTO marked USING run;
    RETURN to_jsonb(marked);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_mark_run(text, bigint) IS 'Marks what has become of a run';

-- Brings the newest run into a state, from one of those that allow it.
CREATE FUNCTION @extschema@.ticket_change_state(
    target regclass, token_column name, path text, state text, from_states text[]
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := @extschema@.ticket_context('control', target, token_column, path);
    run jsonb := @extschema@.ticket_require_run(context, false);
    mismatch text := run ->> 'mismatch';
    resumes boolean := state = 'active';
BEGIN
    IF mismatch IS NOT NULL THEN
        -- A run can be cancelled whatever became of its table; to resume it under another name is to say that it is
        -- the same.
        IF NOT (state = 'cancelled' AND mismatch <> 'TableSwapped' OR resumes AND mismatch = 'TableRenamed') THEN
            PERFORM @extschema@.ticket_refuse_run(mismatch, context, run);
        ELSIF resumes AND run ->> 'state' NOT IN ('active', 'paused') THEN
            state := run ->> 'state';
            from_states := ARRAY[state];
        END IF;
    END IF;
    IF @extschema@.ticket_change('run ' || (run ->> 'run_id'), 'change', jsonb_build_object(
           'run', run -> 'run_id', 'state', state, 'from', from_states, 'name', context -> 'table',
           'column', context -> 'column', 'resumes', resumes)) IS NULL THEN
        PERFORM @extschema@.ticket_refuse_state(context, (run ->> 'run_id')::bigint);
    END IF;
    RETURN run ->> 'run_id';
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_change_state(regclass, name, text, text, text[]) IS 'Pauses, resumes or cancels the newest run';
