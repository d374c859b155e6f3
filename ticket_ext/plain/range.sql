-- The ranges of a run. Whoever holds the lock of a range's row may rotate or sweep its next batch (range.rs). Sweep is
-- the number of the sweep, or 0 for the rotation.

CREATE FUNCTION @extschema@.ticket_ranges_left(run bigint, sweep integer, from_id bigint) RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    are_left boolean;
BEGIN
    EXECUTE replace($q$
@include src/queries/ranges_left.sql@
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END) INTO are_left USING run, from_id;
    RETURN are_left;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_ranges_left(bigint, integer, bigint) IS 'Whether a phase has ranges left';

-- The state of the run and the ledger are read once the lock is held, to see what others have committed.
CREATE FUNCTION @extschema@.ticket_checkpoint(run bigint, first_id bigint, last_id bigint, sweep integer) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(checkpoint) FROM (
@include src/queries/checkpoint.sql@
    ) AS checkpoint);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_checkpoint(bigint, bigint, bigint, integer) IS 'State of a run and checkpoint of a range';

-- The first range that reaches up to an id and has not been through the phase: a free one if there is one, else, for
-- who may wait, the first to become free. It may be finished or split by then, and there is another one to look for.
CREATE FUNCTION @extschema@.ticket_claim_range(context jsonb, run bigint, sweep integer, from_id bigint,
    may_wait boolean)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    claim text := replace($q$
@include src/queries/claim_range.sql@
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END);
    before text;
    claimed record;
    checkpoint jsonb;
BEGIN
    LOOP
        EXECUTE claim || ' SKIP LOCKED' INTO claimed USING run, from_id;
        EXIT WHEN claimed.first_id IS NOT NULL;
        IF NOT may_wait OR NOT @extschema@.ticket_ranges_left(run, sweep, from_id) THEN
            RETURN NULL;
        END IF;
        before := @extschema@.ticket_limit_locks('3 s');
        BEGIN
            EXECUTE claim INTO claimed USING run, from_id;
        EXCEPTION
            WHEN lock_not_available THEN
                PERFORM @extschema@.ticket_refuse_held(
                    format('every range of run %s that is left', run), '@extschema@.ticket_rotation_range'::regclass,
                    '{RowShareLock,RowExclusiveLock}');
        END;
        PERFORM @extschema@.ticket_unlimit_locks(before);
        EXIT WHEN claimed.first_id IS NOT NULL;
    END LOOP;
    checkpoint := @extschema@.ticket_checkpoint(run, claimed.first_id, claimed.last_id, sweep);
    IF checkpoint ->> 'state' <> 'active' THEN
        PERFORM @extschema@.ticket_refuse_state(context, run);
    END IF;
    -- There is something left of it, since the batch that reaches its last key ends it.
    RETURN jsonb_build_object(
        'range', claimed.first_id, 'first_id', coalesce((checkpoint ->> 'last_id')::bigint + 1, claimed.first_id),
        'last_id', claimed.last_id, 'tickets', coalesce((checkpoint ->> 'range_tickets')::bigint, 0),
        'claimed_at', checkpoint -> 'read_at');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_claim_range(jsonb, bigint, integer, bigint, boolean) IS 'Locks a range and reads its checkpoint';

CREATE FUNCTION @extschema@.ticket_finish_range(run bigint, first_id bigint, sweep integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
BEGIN
    EXECUTE replace($q$
@include src/queries/finish_range.sql@
$q$, '@ended_at@', CASE sweep WHEN 0 THEN 'rotated_at' ELSE 'swept_at' END) USING run, first_id;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_finish_range(bigint, bigint, integer) IS 'Marks a range that has been through a phase';

-- The next tickets of an interval: how many there are, at most as many as wanted, and the last one's id.
CREATE FUNCTION @extschema@.ticket_interval(
    context jsonb, first_id bigint, last_id bigint, most bigint, OUT up_to bigint, OUT tickets bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, first_id, last_id);
BEGIN
    IF (context ->> 'citus')::boolean THEN
        SELECT * INTO up_to, tickets FROM @extschema@.ticket_citus_interval(context, first_id, last_id, most);
        RETURN;
    END IF;
    EXECUTE @extschema@.ticket_fill_keys($q$
@include src/queries/interval.sql@
$q$, context) INTO up_to, tickets USING bounds[1], bounds[2], most;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_interval(jsonb, bigint, bigint, bigint) IS 'The next tickets of an interval';

-- Leaves the tickets below an id, if there are any, to a range of their own.
CREATE FUNCTION @extschema@.ticket_split_range(context jsonb, run bigint, claimed jsonb, from_id bigint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    below bigint;
BEGIN
    IF from_id <= (claimed ->> 'first_id')::bigint THEN
        RETURN claimed;
    END IF;
    SELECT tickets INTO below FROM 
        @extschema@.ticket_interval(context, (claimed ->> 'first_id')::bigint, from_id - 1, 1);
    IF below = 0 THEN
        RETURN claimed;
    END IF;
    EXECUTE $q$
@include src/queries/split_range.sql@
$q$ USING run, (claimed ->> 'range')::bigint, from_id, (claimed ->> 'last_id')::bigint;
    RETURN claimed || jsonb_build_object('range', from_id, 'first_id', from_id, 'tickets', 0);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_split_range(jsonb, bigint, jsonb, bigint) IS 'Divides a range at an id';
