-- How hard the drivers of a run work, while they do, and what they wait for; and what is dropped of a run that has
-- ended (tune.rs, forget.rs).

CREATE FUNCTION @extschema@.ticket_tune(
    batch_time interval, nice double precision, workers integer, target regclass, token_column name, path text
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    context jsonb;
    run jsonb;
    number bigint;
    before text;
BEGIN
    IF batch_time NOT BETWEEN interval '10 ms' AND interval '60 s' THEN
        PERFORM @extschema@.ticket_refuse('BatchTimeOutOfBounds', jsonb_build_object(
            'seconds', extract(epoch FROM batch_time)::float8));
    ELSIF NOT (nice >= 0 AND nice <= 100) THEN
        PERFORM @extschema@.ticket_refuse('NiceOutOfBounds', jsonb_build_object('found', nice::text));
    ELSIF workers NOT BETWEEN 1 AND 64 THEN
        PERFORM @extschema@.ticket_refuse('WorkersOutOfBounds', jsonb_build_object('found', workers));
    END IF;
    context := @extschema@.ticket_context('control', target, token_column, path);
    run := @extschema@.ticket_require_run(context, false);
    number := run ->> 'run_id';
    before := @extschema@.ticket_limit_locks('3 s');
    IF run ->> 'state' NOT IN ('active', 'paused') THEN
        PERFORM @extschema@.ticket_refuse_run('WrongState', context, run);
    ELSIF num_nonnulls(batch_time, nice, workers) = 0 THEN
        EXECUTE $q$
@include src/queries/reset_run.sql@
$q$ USING number;
    ELSE
        EXECUTE $q$
@include src/queries/tune_run.sql@
$q$ USING number, batch_time, nice, workers;
    END IF;
    PERFORM @extschema@.ticket_unlimit_locks(before);
    RETURN number;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_tune(interval, double precision, integer, regclass, name, text) IS 'Tunes the newest run';

CREATE FUNCTION @extschema@.ticket_note_wait(waiting_for text, target regclass, token_column name, path text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    context jsonb := @extschema@.ticket_context('control', target, token_column, path);
    run jsonb := @extschema@.ticket_require_run(context, false);
    before text := @extschema@.ticket_limit_locks('3 s');
BEGIN
    EXECUTE $q$
@include src/queries/note_wait.sql@
$q$ USING (run ->> 'run_id')::bigint, waiting_for;
    PERFORM @extschema@.ticket_unlimit_locks(before);
    RETURN run ->> 'run_id';
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_note_wait(text, regclass, name, text) IS 'Notes what drivers wait for';

CREATE FUNCTION @extschema@.ticket_forget(run bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    session jsonb := @extschema@.ticket_session('control');
    before text := @extschema@.ticket_limit_locks('3 s');
    known record;
    facts jsonb;
BEGIN
    IF run IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM @extschema@.ticket_check_role('control');
    BEGIN
        EXECUTE $q$
@include src/queries/forgettable_run.sql@
$q$ INTO known USING run, (session ->> 'role')::oid;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM @extschema@.ticket_refuse_held('run ' || run, '@extschema@.ticket_rotation'::regclass,
                                               '{RowShareLock,RowExclusiveLock}');
    END;
    facts := jsonb_build_object('run', run, 'table', known.target_name, 'state', known.state);
    IF known.state IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NoSuchRun', facts);
    ELSIF known.may_update IS NOT TRUE THEN
        PERFORM @extschema@.ticket_refuse('NotYours', facts);
    ELSIF known.state IN ('active', 'paused') AND known.has_table THEN
        PERFORM @extschema@.ticket_refuse('StillNeeded', facts);
    END IF;
    EXECUTE $q$
@include src/queries/forget_run.sql@
$q$ USING run;
    PERFORM @extschema@.ticket_unlimit_locks(before);
    RETURN run;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_forget(bigint) IS 'Drops the entries of a run';
