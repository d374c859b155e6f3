-- The start of a run: what it covers, and the ranges it is divided into (start.rs, warnings.rs).

-- The first transaction id that is unused. A snapshot knows of those below the last that has ended; each younger one
-- has a lock, with the lower 32 bits of its number.
CREATE FUNCTION @extschema@.ticket_horizon() RETURNS bigint
LANGUAGE sql
AS $$
    SELECT greatest(next, max(next + ((transactionid::text::bigint - next + 2147483648) & 4294967295) - 2147483648) + 1)
    FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS snapshot
    LEFT JOIN pg_locks ON locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
    GROUP BY next
$$;
COMMENT ON FUNCTION @extschema@.ticket_horizon() IS 'The first transaction id that is unused';

-- No result: another session has started a run in the meantime.
CREATE FUNCTION @extschema@.ticket_insert_run(arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    run bigint;
BEGIN
    EXECUTE $q$
@include src/queries/start_run.sql@
$q$ INTO run USING
        (arguments ->> 'oid')::oid, arguments ->> 'table', arguments ->> 'key_name',
            (arguments ->> 'key_number')::smallint,
        arguments ->> 'column', (arguments ->> 'token_number')::smallint, (arguments ->> 'upper_id')::bigint,
        (arguments ->> 'tickets')::bigint, arguments ->> 'horizon', (arguments ->> 'started_at')::timestamptz,
        arguments ->> 'format', (arguments ->> 'fill_null')::boolean, (arguments ->> 'without_token')::bigint;
    RETURN to_jsonb(run);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_insert_run(jsonb) IS 'Writes the row of a new run';

-- The newest run, if it has to end before another one starts.
CREATE FUNCTION @extschema@.ticket_in_the_way(context jsonb) RETURNS jsonb
LANGUAGE sql
AS $$
    SELECT run FROM @extschema@.ticket_run(context) AS run
    WHERE run ->> 'state' IN ('active', 'paused') AND run ->> 'mismatch' IS DISTINCT FROM 'TableSwapped'
$$;
COMMENT ON FUNCTION @extschema@.ticket_in_the_way(jsonb) IS 'A run that has to end before another one starts';

-- The last key of the run, so that what is in flight at its start is part of it: the last value of the sequence that
-- the keys come from. Where they come from elsewhere, and older transactions still write, there is no telling; nor is
-- there of UUIDs. NULL: there are no tickets.
CREATE FUNCTION @extschema@.ticket_upper_id(context jsonb, highest bigint, horizon bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    is_uuid boolean := context ->> 'is_uuid';
    sequence oid := context ->> 'sequence';
    -- Of one that this role may not read, nothing is known.
    drawn bigint := CASE WHEN NOT has_sequence_privilege(sequence, 'USAGE, SELECT') THEN NULL
                         WHEN (context ->> 'citus')::boolean THEN @extschema@.ticket_citus_drawn(sequence)
                         ELSE pg_sequence_last_value(sequence::regclass) END;
BEGIN
    IF drawn >= highest OR drawn IS NOT NULL AND highest IS NULL THEN
        RETURN drawn;
    ELSIF is_uuid AND highest IS NOT NULL
          OR (context ->> 'citus')::boolean AND @extschema@.ticket_citus_writers(context, NULL) <> '[]'
          OR @extschema@.ticket_older_writers((context ->> 'oid')::oid, horizon) ->> '' <> '' THEN
        RETURN 9223372036854775807;
    ELSIF is_uuid THEN
        RETURN NULL;
    END IF;
    -- None is left that could have written before the horizon and is not seen by this look.
    EXECUTE @extschema@.ticket_fill('SELECT max(@key@)::bigint FROM @target@', context) INTO highest;
    RETURN highest;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_upper_id(jsonb, bigint, bigint) IS 'The last key of a new run';

-- What does not keep a run from starting and should be known of it.
CREATE FUNCTION @extschema@.ticket_warn(context jsonb) RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    names text[];
    texts text[];
    sounds boolean[];
    held boolean[];
    reference record;
BEGIN
    EXECUTE format('SELECT array_agg(name), array_agg(value), array_agg(sounds)
                    FROM (%s) AS other (name, value, sounds)', $q$
@include src/queries/other_texts.sql@
$q$) INTO names, texts, sounds USING (context ->> 'oid')::oid, context ->> 'column';
    IF names IS NOT NULL THEN
        EXECUTE @extschema@.ticket_fill($q$
@include src/queries/same_values.sql@
$q$, context || jsonb_build_object('texts', array_to_string(texts, ', '), 'held', (
            SELECT format('ARRAY[%s]', string_agg(format('bool_or(texts[%s] = ANY (forms))', place),
                ', ' ORDER BY place))
            FROM generate_series(1, cardinality(names)) AS place))) INTO held USING 1000::bigint;
        names := ARRAY(SELECT name FROM unnest(names, sounds, held) WITH ORDINALITY AS other (name, sounds, held, place)
                       WHERE other.sounds OR other.held ORDER BY place);
        IF cardinality(names) > 0 THEN
            RAISE WARNING 'table % has a copy or a digest of the tokens, as it seems, which this run does not change: %',
                context ->> 'table', array_to_string(names, ', ') USING DATATYPE = 'ticket_ext';
        END IF;
    END IF;
    FOR reference IN EXECUTE format('SELECT * FROM (%s) AS reference (key, index)', $q$
@include src/queries/unindexed_references.sql@
$q$) USING (context ->> 'oid')::oid, (context ->> 'token_number')::smallint LOOP
        RAISE WARNING 'each new token scans the table of foreign key %, which has no index: %', reference.key,
            reference.index
            USING DATATYPE = 'ticket_ext';
    END LOOP;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_warn(jsonb) IS 'Warns of what a run does not change or what makes it slow';

-- Ranges of about equally many tickets, as many as there may be workers where none were asked for. The first one
-- begins with the lowest key there can be, so that a ticket with a low one which is committed while the run goes on is
-- part of it.
CREATE FUNCTION @extschema@.ticket_divide(context jsonb, run bigint, upper_id bigint, tickets bigint, ranges integer)
RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    parts bigint := coalesce(ranges, least(64, 1 + tickets / CASE WHEN tickets < 100000 THEN 50000 ELSE 10000 END));
    percent float8 := least(100, 100.0 * parts * 2000 / nullif(tickets, 0));
    ends bigint[];
    first_id bigint := -9223372036854775808;
    last_id bigint;
BEGIN
    IF parts > 1 AND tickets > 0 AND (context ->> 'citus')::boolean THEN
        ends := @extschema@.ticket_citus_range_ends(context, upper_id, parts, percent);
    ELSIF parts > 1 AND tickets > 0 THEN
        EXECUTE @extschema@.ticket_fill(format('SELECT array_agg(id) FROM (%s) AS range_end', $q$
@include src/queries/range_ends.sql@
$q$), context) INTO ends USING upper_id, parts, percent;
    END IF;
    FOREACH last_id IN ARRAY ends || upper_id LOOP
        EXECUTE $q$
@include src/queries/add_range.sql@
$q$ USING run, first_id, last_id;
        first_id := CASE WHEN last_id < 9223372036854775807 THEN last_id + 1 END;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_divide(jsonb, bigint, bigint, bigint, integer) IS 'Divides a run into ranges';

-- Starts a run. The result is its number, or why there is none: NoTickets, or Unfinished with the other run.
CREATE FUNCTION @extschema@.ticket_begin(context jsonb, ranges integer, format text, force boolean) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    other jsonb := @extschema@.ticket_in_the_way(context);
    plan record;
    started_at timestamptz := clock_timestamp();
    horizon bigint := @extschema@.ticket_horizon();
    upper_id bigint;
    chosen text;
    run jsonb;
BEGIN
    IF other IS NOT NULL THEN
        RETURN jsonb_build_object('error', 'Unfinished', 'other', other);
    ELSIF context ->> 'lost_name' IS NOT NULL THEN
        -- Another table may have taken it over, and be the one that is meant.
        PERFORM @extschema@.ticket_refuse('ChangedMeanwhile', context || jsonb_build_object('table',
            context -> 'lost_name'));
    END IF;
    EXECUTE @extschema@.ticket_fill(CASE WHEN (context ->> 'citus')::boolean THEN
        @extschema@.ticket_citus_plan((context ->> 'is_uuid')::boolean) ELSE $q$
@include src/queries/plan_run.sql@
$q$ END, context) INTO plan;
    upper_id := @extschema@.ticket_upper_id(context, plan.highest, horizon);
    IF upper_id IS NULL THEN
        RETURN '{"error": "NoTickets"}';
    END IF;
    chosen := @extschema@.ticket_choose_format(context, plan.tickets, format, force);
    IF plan.without_token > 0 AND (context ->> 'fill_null')::boolean THEN
        RAISE NOTICE '% ticket(s) without a token get one', plan.without_token USING DATATYPE = 'ticket_ext';
    ELSIF plan.without_token > 0 THEN
        RAISE NOTICE '% ticket(s) have no token and stay without one; to give them one: %', plan.without_token,
            @extschema@.ticket_start_call(context, 'fill_null => true') USING DATATYPE = 'ticket_ext';
    END IF;
    PERFORM @extschema@.ticket_warn(context);
    run := @extschema@.ticket_change('the start of a run of ' || (context ->> 'table'), 'start',
        context || jsonb_build_object(
        'upper_id', upper_id, 'tickets', plan.tickets, 'horizon', horizon, 'started_at', started_at, 'format', chosen,
        'without_token', plan.without_token));
    IF run IS NULL THEN
        RETURN jsonb_build_object('error', 'Unfinished', 'other', @extschema@.ticket_in_the_way(context));
    END IF;
    PERFORM @extschema@.ticket_confirm(context);
    PERFORM @extschema@.ticket_divide(context, run::text::bigint, upper_id, plan.tickets, ranges);
    RETURN jsonb_build_object('run', run);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_begin(jsonb, integer, text, boolean) IS 'Starts a run';

CREATE FUNCTION @extschema@.ticket_start(
    target regclass, token_column name, ranges integer, key_column name, format text, fill_null boolean,
        force boolean, path text
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    context jsonb;
    begun jsonb;
BEGIN
    IF ranges NOT BETWEEN 1 AND 1000 THEN
        PERFORM @extschema@.ticket_refuse('RangesOutOfBounds', jsonb_build_object('found', ranges, 'max', 1000));
    END IF;
    context := @extschema@.ticket_context('rotate', target, token_column, path,
                                          jsonb_build_object('key_name', key_column, 'fill_null', coalesce(fill_null,
                                              false)));
    begun := @extschema@.ticket_begin(context, ranges, format, coalesce(force, false));
    IF begun ? 'error' THEN
        PERFORM @extschema@.ticket_refuse_run(begun ->> 'error', context, coalesce(begun -> 'other', '{}'));
    END IF;
    RETURN begun ->> 'run';
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_start(regclass, name, integer, name, text, boolean, boolean, text) IS 'Starts a run, by the search_path of the caller';

-- The active run, started if the target never had one; NULL when there is nothing left to rotate.
CREATE FUNCTION @extschema@.ticket_run_to_rotate(context jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    run jsonb;
BEGIN
    LOOP
        run := @extschema@.ticket_run(context);
        IF run ->> 'mismatch' IS NOT NULL THEN
            PERFORM @extschema@.ticket_refuse_run(run ->> 'mismatch', context, run);
        ELSIF run ->> 'state' = 'active' THEN
            RETURN run;
        ELSIF run ->> 'state' = 'finished' THEN
            RETURN NULL;
        ELSIF run IS NOT NULL THEN
            PERFORM @extschema@.ticket_refuse_run('WrongState', context, run);
        ELSIF @extschema@.ticket_begin(context, NULL, NULL, false) ->> 'error' = 'NoTickets' THEN
            RETURN NULL;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_run_to_rotate(jsonb) IS 'The run that a batch is of';
