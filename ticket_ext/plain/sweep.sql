-- The sweep at the end of a run, and the tickets beside their entries (sweep.rs, accounting.rs, shared_id.rs, late.rs).

-- The next entries of a run in an interval, about so many, and the id that they reach up to.
CREATE FUNCTION @extschema@.ticket_entries(
    run bigint, first_id bigint, last_id bigint, most bigint,
    OUT up_to bigint, OUT ids bigint[], OUT retired bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    batch record;
    upper_id constant bigint := last_id;
BEGIN
    -- Arrays are put together whole: taken apart, each entry costs a quarter of a microsecond.
    FOR batch IN SELECT * FROM (
@include src/queries/entries.sql@
    ) AS batch ORDER BY last_id LOOP
        up_to := least(batch.last_id, upper_id);
        ids := ids || batch.keys;
        retired := retired || batch.digests;
        made := made || coalesce(batch.new_digests, array_fill(NULL::bigint, ARRAY[cardinality(batch.keys)]));
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_entries(bigint, bigint, bigint, bigint) IS 'The next entries of a run';

CREATE FUNCTION @extschema@.ticket_swept_entries(
    run bigint, first_id bigint, last_id bigint, OUT ids bigint[], OUT retired bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    SELECT array_agg(key), array_agg(digest), array_agg(new_digest) INTO ids, retired, made FROM (
@include src/queries/swept_entries.sql@
    ) AS swept;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_swept_entries(bigint, bigint, bigint) IS 'Entries of sweeps in an interval';

-- The tickets of an id that may have no entry, more than there are entries left over, and how many are.
CREATE FUNCTION @extschema@.ticket_unknown(
    context jsonb, number bigint, ids bigint[], retired bigint[], made bigint[],
    OUT keys text[], OUT digests bigint[], OUT left_over bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, number, number);
BEGIN
    EXECUTE @extschema@.ticket_fill_keys(replace($q$
WITH live (key, digest) AS MATERIALIZED (
@include src/queries/stored.sql@
), entry AS MATERIALIZED (
    SELECT place, retired, made,
           coalesce(retired IN (SELECT digest FROM live), false) OR coalesce(made IN (SELECT digest FROM live),
               false) AS is_of
    FROM unnest($4, $5, $6) WITH ORDINALITY AS entry (id, retired, made, place)
    WHERE id = $3
), unknown AS (
    SELECT key, digest FROM live
    WHERE NOT EXISTS (SELECT FROM entry WHERE digest IN (retired, made))
), surplus AS (
    SELECT count(*) AS left_over
    FROM (SELECT FROM entry GROUP BY retired,
        CASE WHEN retired IS NULL THEN place END HAVING NOT bool_or(is_of)) AS entry
)
SELECT array_agg(key::text), array_agg(digest), left_over
FROM surplus LEFT JOIN unknown ON true
GROUP BY left_over
HAVING count(digest) > left_over
$q$, '@those@', $q$
@include src/queries/those_in.sql@
$q$), @extschema@.ticket_fetched(context)) INTO keys, digests, left_over USING bounds[1], bounds[2], number, ids, retired, made;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_unknown(jsonb, bigint, bigint[], bigint[], bigint[]) IS 'Which tickets that have an id in common have no entry';

-- Looks at the next tickets of an interval and their entries. Which are due, and why: 1, they have no entry, 2, their
-- old token is back. Left over, by id: entries that some of the tickets without one have in truth, no telling which.
CREATE FUNCTION @extschema@.ticket_step(
    context jsonb, run jsonb, first_id bigint, last_id bigint,
    OUT up_to bigint, OUT entries bigint, OUT keys text[], OUT ids bigint[], OUT digests bigint[],
        OUT reasons integer[],
    OUT left_over jsonb
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    -- In memory at a time, and due tickets that are returned: some hundred kilobytes.
    most constant bigint := 20000;
    number bigint := run ->> 'run_id';
    -- Where ids repeat, a ticket is known by its place in the look, and its entry by the token that it got.
    repeats boolean := context ->> 'repeats';
    -- Entries first: a ticket that is rotated in between has a token that none of them retired.
    entry record := @extschema@.ticket_entries(number, first_id, last_id, most);
    swept record;
    bounds text[];
    unclear bigint;
    unknown record;
BEGIN
    up_to := coalesce(entry.up_to, last_id);
    entries := coalesce(cardinality(entry.ids), 0);
    left_over := '{}';
    IF (run ->> 'has_swept')::boolean THEN
        swept := @extschema@.ticket_swept_entries(number, first_id, up_to);
        entry.ids := entry.ids || swept.ids;
        entry.retired := entry.retired || swept.retired;
        entry.made := entry.made || swept.made;
    END IF;
    bounds := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, first_id, up_to);
    -- Digests are compared as bytes, and only those of what is due become integers. Functions of sets in a list of
    -- columns take their arrays apart without a tuplestore each.
    EXECUTE @extschema@.ticket_fill_keys($q$
SELECT array_agg(key::text ORDER BY id), array_agg(id ORDER BY id), array_agg(digest ORDER BY id),
    array_agg(reason ORDER BY id)
FROM (
    SELECT key, id, coalesce(@extschema@.ticket_digest(hash), 0) AS digest, min(reason) AS reason
    FROM (SELECT number, key, id, hash,
                 CASE WHEN entry.id IS NULL THEN 1
                      WHEN int8send(entry.retired) = live THEN 2@unclear@
                 END AS reason
          FROM (SELECT number, key, id, hash, CASE WHEN lacks THEN NULL ELSE hash END AS live
                FROM (SELECT @number@ AS number, @key_value@ AS key, @id@ AS id, @lacks_token@ AS lacks,
                             @extschema@.ticket_token_hash(@token_bytes@) AS hash
                      FROM @target@
                      WHERE @key@ >= $1 AND @key@ <= $2@has_token@) AS ticket) AS ticket
          LEFT JOIN (SELECT unnest($3) AS id, unnest($4) AS retired@made@) AS entry USING (id)) AS ticket
    WHERE reason IS NOT NULL
    GROUP BY number, key, id, hash
    ORDER BY id
    FETCH FIRST $6 ROWS WITH TIES) AS due
$q$, @extschema@.ticket_fetched(context) || jsonb_build_object(
        'number', CASE WHEN repeats THEN 'row_number() OVER ()' ELSE '0' END,
        'made', CASE WHEN repeats THEN ', unnest($5) AS made' ELSE '' END,
        'unclear', CASE WHEN repeats THEN $made$
                      WHEN entry.made IS NOT NULL AND int8send(entry.made) IS DISTINCT FROM live
                           AND ((id, live) IN (SELECT unnest($3), int8send(unnest($5)))) IS NOT TRUE THEN 3$made$
                        ELSE '' END)) INTO keys, ids, digests, reasons
    USING bounds[1], bounds[2], entry.ids, entry.retired, entry.made, most;
    IF cardinality(ids) >= most THEN
        up_to := ids[cardinality(ids)];
    END IF;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    FOR unclear IN SELECT DISTINCT id FROM unnest(ids, reasons) AS due (id, reason) WHERE reason = 3 ORDER BY id LOOP
        unknown := @extschema@.ticket_unknown(context, unclear, entry.ids, entry.retired, entry.made);
        IF unknown.keys IS NOT NULL THEN
            keys := keys || unknown.keys;
            digests := digests || unknown.digests;
            ids := ids || array_fill(unclear, ARRAY[cardinality(unknown.keys)]);
            reasons := reasons || array_fill(1, ARRAY[cardinality(unknown.keys)]);
            left_over := left_over || jsonb_build_object(unclear::text, unknown.left_over);
        END IF;
    END LOOP;
    SELECT array_agg(key ORDER BY id, place), array_agg(id ORDER BY id, place), array_agg(digest ORDER BY id, place),
           array_agg(reason ORDER BY id, place)
    INTO keys, ids, digests, reasons
    FROM unnest(keys, ids, digests, reasons) WITH ORDINALITY AS due (key, id, digest, reason, place)
    WHERE reason < 3;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_step(jsonb, jsonb, bigint, bigint) IS 'Which of the next tickets of an interval are due';

-- Those of the tickets without an entry that are not known to have been there when the sweep began. One that has gone
-- since it was found, or has another token, is not known either (late.rs).
CREATE FUNCTION @extschema@.ticket_late(context jsonb, run jsonb, keys text[], digests bigint[])
RETURNS TABLE (key text, digest bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    here boolean;
BEGIN
    IF NOT (run ->> 'has_been_swept')::boolean THEN
        RETURN;
    END IF;
    EXECUTE $q$
@include src/queries/is_of_this_cluster.sql@
$q$ INTO here USING (run ->> 'run_id')::bigint;
    -- Each node of Citus has transaction ids of its own.
    IF run ->> 'sweep_horizon' IS NULL OR NOT here OR (context ->> 'citus')::boolean THEN
        RETURN QUERY SELECT * FROM unnest(keys, digests);
    ELSE
        RETURN QUERY EXECUTE @extschema@.ticket_fill_keys(format($early$
            SELECT key, digest
            FROM (SELECT key, digest, row_number() OVER (PARTITION BY key, digest) AS number
                  FROM unnest($5, $6) AS ticket (key, digest)) AS ticket
            LEFT JOIN (SELECT key::text AS key, digest, count(*) AS times
                       FROM (%s) AS early (key, digest)
                       GROUP BY 1, 2) AS early USING (key, digest)
            WHERE number > coalesce(times, 0)
            $early$, $q$
@include src/queries/early_tickets.sql@
$q$), context, true)
        USING keys::text, digests::text, (run ->> 'sweep_horizon')::bigint, (context ->> 'oid')::oid, keys, digests;
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_late(jsonb, jsonb, text[], bigint[]) IS 'Tickets that came after the sweep had begun';

-- Transactions below the horizon that write to the target, in words.
CREATE FUNCTION @extschema@.ticket_older_writers(relation oid, horizon bigint) RETURNS jsonb
LANGUAGE sql
AS $body$
    SELECT @extschema@.ticket_holders($q$
@include src/queries/older_writers.sql@
$q$, relation, horizon)
$body$;
COMMENT ON FUNCTION @extschema@.ticket_older_writers(oid, bigint) IS 'Transactions older than a run that write to its target';

-- What they have in flight no batch can see. Whoever calls again waits again.
CREATE FUNCTION @extschema@.ticket_wait_for_older(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    ends_at timestamptz := clock_timestamp() + interval '10 s';
    was_said boolean := false;
    here boolean;
    writers jsonb;
BEGIN
    EXECUTE $q$
@include src/queries/is_of_this_cluster.sql@
$q$ INTO here USING (run ->> 'run_id')::bigint;
    IF here AND (context ->> 'citus')::boolean THEN
        PERFORM @extschema@.ticket_citus_wait_for_older(context, run);
    END IF;
    WHILE here LOOP
        writers := @extschema@.ticket_older_writers((context ->> 'oid')::oid, (run ->> 'horizon')::bigint);
        EXIT WHEN writers ->> '' = '';
        IF clock_timestamp() > ends_at THEN
            PERFORM @extschema@.ticket_refuse_run('OlderWriters', context || writers, run);
        ELSIF NOT was_said THEN
            RAISE NOTICE 'run % waits for transactions older than it: %', run ->> 'run_id', writers ->> ''
                USING DATATYPE = 'ticket_ext';
            was_said := true;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_wait_for_older(jsonb, jsonb) IS 'Waits for transactions older than a run';

-- At most a batch of what is due, as far as it still is: all that have the last one's id. The next call looks from
-- there on.
CREATE FUNCTION @extschema@.ticket_sweep_batch(
    context jsonb, run jsonb, claimed jsonb, swept_to bigint, keys text[], ids bigint[], digests bigint[], batch bigint
) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    last_due bigint := ids[batch];
    share bigint := cardinality(ids);
    entries record;
BEGIN
    IF last_due IS NOT NULL AND last_due < ids[cardinality(ids)] THEN
        share := (SELECT count(*) FROM unnest(ids) AS id WHERE id <= last_due);
        swept_to := ids[share + 1] - 1;
    END IF;
    entries := @extschema@.ticket_rotate_those(context, run, $q$
@include src/queries/those_holding.sql@
$q$, keys[:share]::text, digests[:share]::text, share, true);
    PERFORM @extschema@.ticket_record(
        context, (run ->> 'run_id')::bigint, (run ->> 'sweep')::integer, (claimed ->> 'first_id')::bigint, swept_to,
            claimed,
        entries.ids, entries.digests, entries.made);
    RETURN swept_to;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_sweep_batch(jsonb, jsonb, jsonb, bigint, text[], bigint[], bigint[], bigint) IS 'Rotates tickets that are due in a sweep';

-- Returns the id up to which it has swept; NULL when no range is left.
CREATE FUNCTION @extschema@.ticket_sweep(context jsonb, run jsonb, batch bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    -- Tickets that a call looks at before it returns, for what it found out to be committed.
    looked_at bigint := 0;
    enough bigint := 250000;
    number bigint := run ->> 'run_id';
    sweep integer := run ->> 'sweep';
    claimed jsonb;
    next_id bigint;
    last_id bigint;
    step record;
    due record;
BEGIN
    PERFORM @extschema@.ticket_wait_for_older(context, run);
    IF run ->> 'sweep_horizon' IS NULL THEN
        IF @extschema@.ticket_change(
               'run ' || number, 'begin_sweep', jsonb_build_object('run', number)) ->> 'run_id' IS NULL THEN
            -- Another session has begun it. The run's row, which was waited for, stays locked: whoever ends the run
            -- may hold a range that this call is to wait for.
            RETURN run ->> 'upper_id';
        END IF;
        -- Until this is committed, whoever else is to sweep waits for the run's row.
        enough := 10000;
    END IF;
    claimed := @extschema@.ticket_claim_range(context, number, sweep, -9223372036854775808, true);
    WHILE claimed IS NOT NULL LOOP
        next_id := claimed ->> 'first_id';
        last_id := claimed ->> 'last_id';
        LOOP
            step := @extschema@.ticket_step(context, run, next_id, last_id);
            looked_at := looked_at + step.entries;
            -- The tickets that came since nobody has seen: a second token would break what was mailed.
            SELECT array_agg(key ORDER BY place) AS keys, array_agg(id ORDER BY place) AS ids,
                   array_agg(digest ORDER BY place) AS digests
            INTO due
            FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY AS due (key, id, digest,
                reason, place)
            WHERE reason = 2 OR (key, digest) NOT IN (
                SELECT * FROM @extschema@.ticket_late(context, run, step.keys, step.digests));
            IF due.ids IS NOT NULL THEN
                RETURN @extschema@.ticket_sweep_batch(context, run, claimed, step.up_to, due.keys, due.ids,
                    due.digests, batch);
            ELSIF looked_at >= enough AND step.up_to < last_id THEN
                PERFORM @extschema@.ticket_record(context, number, sweep, (claimed ->> 'first_id')::bigint,
                    step.up_to, claimed,
                                                  NULL, NULL, NULL);
                RETURN step.up_to;
            END IF;
            EXIT WHEN step.up_to >= last_id;
            next_id := step.up_to + 1;
        END LOOP;
        PERFORM @extschema@.ticket_finish_range(number, (claimed ->> 'range')::bigint, sweep);
        IF looked_at >= enough THEN
            RETURN last_id;
        END IF;
        claimed := @extschema@.ticket_claim_range(context, number, sweep, -9223372036854775808, false);
        IF claimed IS NULL AND @extschema@.ticket_ranges_left(number, sweep, -9223372036854775808) THEN
            RETURN last_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_sweep(jsonb, jsonb, bigint) IS 'Sweeps the next tickets';

-- Another session may have finished the run. One that was cancelled or paused meanwhile is not called finished.
-- Batches may be committed asynchronously; this commit flushes the log, and with it every batch before.
CREATE FUNCTION @extschema@.ticket_finish(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    number bigint := run ->> 'run_id';
    finished jsonb := @extschema@.ticket_change('run ' || number, 'finish', jsonb_build_object('run', number));
BEGIN
    -- In a statement of its own, to see what was waited for.
    IF finished ->> 'run_id' IS NULL
       AND (SELECT state FROM @extschema@.ticket_rotation WHERE run_id = number) <> 'finished' THEN
        PERFORM @extschema@.ticket_refuse_state(context, number);
    END IF;
    EXECUTE $q$
@include src/queries/commit_synchronously.sql@
$q$;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_finish(jsonb, jsonb) IS 'Finishes a run';

-- Opens the newest run, which has finished, for another sweep. One that was cancelled while it was swept goes on with
-- that.
CREATE FUNCTION @extschema@.ticket_reopen(target regclass, token_column name, path text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := @extschema@.ticket_context('rotate', target, token_column, path);
    run jsonb := @extschema@.ticket_require_run(context, true);
    changed jsonb;
BEGIN
    IF run ->> 'state' IN ('active', 'paused') THEN
        PERFORM @extschema@.ticket_refuse_run('Unfinished', context, run);
    END IF;
    changed := @extschema@.ticket_change('run ' || (run ->> 'run_id'), 'reopen', jsonb_build_object('run',
        run -> 'run_id'));
    IF (changed ->> 'forgotten')::boolean THEN
        PERFORM @extschema@.ticket_refuse_run('Forgotten', context, run);
    ELSIF (changed ->> 'reopened')::boolean IS NOT TRUE THEN
        PERFORM @extschema@.ticket_refuse_run('WrongState', context, run);
    END IF;
    RETURN run ->> 'run_id';
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_reopen(regclass, name, text) IS 'Opens a finished run for another sweep';
