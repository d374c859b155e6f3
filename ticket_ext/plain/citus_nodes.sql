-- What the start, the sweep and the proof of a run ask of the nodes (citus/start.rs, citus/writers.rs).

-- As plan_run.sql, without a function that the other nodes lack. Of a UUID no other is the next.
CREATE FUNCTION @extschema@.ticket_citus_plan(is_uuid boolean) RETURNS text
LANGUAGE sql IMMUTABLE
AS $body$
    SELECT replace($q$
@include src/citus/queries/plan.sql@
$q$, '@highest@', CASE WHEN is_uuid THEN 'nullif(count(*), 0)' ELSE 'max(@key@)::pg_catalog.int8' END)
$body$;
COMMENT ON FUNCTION @extschema@.ticket_citus_plan(boolean) IS 'The query for what a run covers';

CREATE FUNCTION @extschema@.ticket_citus_drawn(sequence oid) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    drawn bigint;
BEGIN
    EXECUTE $q$
@include src/citus/queries/drawn.sql@
$q$ INTO drawn USING sequence;
    RETURN drawn;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_drawn(oid) IS 'The last value of a sequence on all nodes';

-- Where all ranges but the last one end, by a sample of the keys.
CREATE FUNCTION @extschema@.ticket_citus_range_ends(context jsonb, upper_id bigint, parts bigint, percent float8)
RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    ids bigint[];
BEGIN
    EXECUTE @extschema@.ticket_fill(format(
        'SELECT array_agg(@id@ ORDER BY @id@)
         FROM @extschema@.ticket_citus_rows(%L, $1, NULL) AS ticket (@key@ @key_type@)',
        @extschema@.ticket_fill(replace($q$
@include src/citus/queries/sample.sql@
$q$, '($1)', '($1::pg_catalog.float4)'), context)), context) INTO ids USING percent::text;
    RETURN ARRAY(SELECT DISTINCT ids[1 + cardinality(ids) * part / parts]
                 FROM generate_series(1, parts - 1) AS part
                 WHERE ids[1 + cardinality(ids) * part / parts] < upper_id
                 ORDER BY 1);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_range_ends(jsonb, bigint, bigint, double precision) IS 'Where ranges end, by a sample';

-- Those on all nodes that write to shards, longer than so many seconds (NULL: all), and those that are prepared.
CREATE FUNCTION @extschema@.ticket_citus_writers(context jsonb, longer_than float8) RETURNS jsonb
LANGUAGE plpgsql
AS $body$
DECLARE
    writer record;
    writers jsonb := '[]';
BEGIN
    FOR writer IN EXECUTE $writers$
@include src/citus/queries/writers.sql@
$writers$ USING (context ->> 'oid')::oid, longer_than, pg_backend_pid() LOOP
        IF writer.fault IS NOT NULL THEN
            PERFORM @extschema@.ticket_refuse('NodeAway', to_jsonb(writer));
        END IF;
        writers := writers || to_jsonb(writer);
    END LOOP;
    RETURN writers;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_citus_writers(jsonb, double precision) IS 'Transactions on all nodes that write to the target';

-- NULL: all have ended. Those that came later are not waited for.
CREATE FUNCTION @extschema@.ticket_citus_wait(context jsonb, run bigint, longer_than float8, longest interval)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    ends_at timestamptz := clock_timestamp() + longest;
    writers jsonb := @extschema@.ticket_citus_writers(context, longer_than);
    was_said boolean := false;
    holders jsonb;
    now jsonb;
BEGIN
    WHILE jsonb_array_length(writers) > 0 LOOP
        holders := jsonb_build_object(
            '', concat_ws(', ', writers -> 0 ->> 'described', writers -> 1 ->> 'described',
                          writers -> 2 ->> 'described'),
            'end', writers -> 0 -> 'remedy');
        IF clock_timestamp() > ends_at THEN
            RETURN holders;
        ELSIF run IS NOT NULL AND NOT was_said THEN
            RAISE NOTICE 'run % waits for transactions older than it: %', run, holders ->> ''
                USING DATATYPE = 'ticket_ext';
            was_said := true;
        END IF;
        PERFORM pg_sleep(0.1);
        now := @extschema@.ticket_citus_writers(context, NULL);
        writers := (SELECT coalesce(jsonb_agg(writer ORDER BY number), '[]')
                    FROM jsonb_array_elements(writers) WITH ORDINALITY AS before (writer, number)
                    WHERE writer ->> 'place' IN (SELECT other ->> 'place' FROM jsonb_array_elements(now) AS other));
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_wait(jsonb, bigint, double precision, interval) IS 'Waits for transactions on all nodes, returns those that are left';

-- Those older than a run.
CREATE FUNCTION @extschema@.ticket_citus_wait_for_older(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    number bigint := run ->> 'run_id';
    age float8;
    holders jsonb;
BEGIN
    EXECUTE $q$
@include src/citus/queries/age.sql@
$q$ INTO age USING number;
    holders := @extschema@.ticket_citus_wait(context, number, age, '10 s');
    IF holders IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse_run('OlderWriters', context || holders, run);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_wait_for_older(jsonb, jsonb) IS 'Waits for transactions on all nodes that are older than a run';

-- What is due may be what a node has not committed yet, while the ledger has it already: those that are due still, once
-- all that was prepared has ended.
CREATE FUNCTION @extschema@.ticket_citus_settled(
    context jsonb, run jsonb, first_id bigint, last_id bigint, before_ids bigint[], before_digests bigint[],
    OUT keys text[], OUT ids bigint[], OUT digests bigint[], OUT reasons integer[], OUT left_over jsonb
)
LANGUAGE plpgsql
AS $$
DECLARE
    -- Longer than any transaction lasts, in seconds.
    forever constant float8 := 1e9;
    holders jsonb := @extschema@.ticket_citus_wait(context, NULL, forever, '3 s');
    step record;
BEGIN
    IF holders IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('Held', holders || jsonb_build_object('what',
            'table ' || (context ->> 'table')));
    END IF;
    left_over := '{}';
    LOOP
        step := @extschema@.ticket_step(context, run, first_id, last_id);
        SELECT keys || array_agg(key ORDER BY place), ids || array_agg(id ORDER BY place),
               digests || array_agg(digest ORDER BY place), reasons || array_agg(reason ORDER BY place)
        INTO keys, ids, digests, reasons
        FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY
             AS due (key, id, digest, reason, place)
        WHERE (id, digest) IN (SELECT * FROM unnest(before_ids, before_digests));
        left_over := left_over || step.left_over;
        EXIT WHEN step.up_to >= last_id;
        first_id := step.up_to + 1;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_settled(jsonb, jsonb, bigint, bigint, bigint[], bigint[]) IS 'What is due still at a second look';
