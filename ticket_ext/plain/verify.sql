-- The evidence that a run left no ticket behind (verify.rs).

-- Of tickets without an entry, in order: those that were left out, and how many came after the sweep. Of the tickets
-- with an id as many have an entry after all as are left over.
CREATE FUNCTION @extschema@.ticket_without_entry(
    context jsonb, run jsonb, keys text[], ids bigint[], digests bigint[], left_over jsonb,
    OUT left_out text[], OUT created_since bigint
)
LANGUAGE sql
AS $$
    WITH late AS (
        SELECT key, digest, count(*) AS times FROM @extschema@.ticket_late(context, run, keys, digests) GROUP BY key,
            digest
    ), ticket AS (
        SELECT key, id, place, row_number() OVER (PARTITION BY key, digest ORDER BY place) <= coalesce(times,
            0) AS is_late
        FROM unnest(keys, ids, digests) WITH ORDINALITY AS ticket (key, id, digest, place)
        LEFT JOIN late USING (key, digest)
    ), counted AS (
        SELECT key, place, is_late
        FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY is_late, place) AS number FROM ticket) AS ticket
        WHERE number > coalesce((left_over ->> id::text)::bigint, 0)
    )
    SELECT coalesce(array_agg(key ORDER BY place) FILTER (WHERE NOT is_late), '{}'), count(*) FILTER (WHERE is_late)
    FROM counted
$$;
COMMENT ON FUNCTION @extschema@.ticket_without_entry(jsonb, jsonb, text[], bigint[], bigint[], jsonb) IS 'Which tickets without an entry were left out';

-- Each ticket beside its entries.
CREATE FUNCTION @extschema@.ticket_account(
    context jsonb, run jsonb,
    OUT old_tokens bigint, OUT old_token_keys text[], OUT not_rotated bigint, OUT not_rotated_keys text[],
        OUT created_since bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    next_id bigint := -9223372036854775808;
    last_id bigint := run ->> 'upper_id';
    step record;
    found_old text[];
    without record;
BEGIN
    old_tokens := 0;
    not_rotated := 0;
    created_since := 0;
    LOOP
        step := @extschema@.ticket_step(context, run, next_id, last_id);
        IF step.ids IS NOT NULL AND (context ->> 'citus')::boolean THEN
            SELECT * INTO step.keys, step.ids, step.digests, step.reasons, step.left_over
            FROM @extschema@.ticket_citus_settled(context, run, next_id, step.up_to, step.ids, step.digests);
        END IF;
        found_old := ARRAY(SELECT key FROM unnest(step.keys, step.reasons) WITH ORDINALITY AS due (key, reason, place)
                           WHERE reason = 2 ORDER BY place);
        old_tokens := old_tokens + cardinality(found_old);
        old_token_keys := (coalesce(old_token_keys, '{}') || found_old)[:10];
        without := (SELECT @extschema@.ticket_without_entry(
                               context, run, array_agg(key ORDER BY place), array_agg(id ORDER BY place),
                               array_agg(digest ORDER BY place), step.left_over)
                    FROM unnest(step.keys, step.ids, step.digests, step.reasons) WITH ORDINALITY AS due (key, id,
                        digest, reason, place)
                    WHERE reason = 1);
        not_rotated := not_rotated + cardinality(without.left_out);
        not_rotated_keys := (coalesce(not_rotated_keys, '{}') || without.left_out)[:10];
        created_since := created_since + without.created_since;
        EXIT WHEN step.up_to >= last_id;
        next_id := step.up_to + 1;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_account(jsonb, jsonb) IS 'Compares each ticket with its entries';

CREATE FUNCTION @extschema@.ticket_verify(target regclass, token_column name, path text)
RETURNS TABLE (
    run_id bigint, state text, verified boolean, started_at timestamptz, finished_at timestamptz,
    tickets_rotated bigint, tickets_swept bigint, ledger_gaps bigint, old_tokens bigint, old_token_keys text[],
    not_rotated bigint, not_rotated_keys text[], created_since bigint, without_token bigint, duplicate_tokens bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $body$
DECLARE
    context jsonb := @extschema@.ticket_context('read', target, token_column, path);
    run jsonb := @extschema@.ticket_require_run(context, true);
    ledger record;
    accounted record;
BEGIN
    run_id := run ->> 'run_id';
    state := run ->> 'state';
    EXECUTE $q$
@include src/queries/verify_ledger.sql@
$q$ INTO ledger USING run_id, -9223372036854775808, (run ->> 'upper_id')::bigint;
    started_at := ledger.started_at;
    finished_at := ledger.finished_at;
    tickets_rotated := coalesce(ledger.rotated, 0);
    tickets_swept := coalesce(ledger.swept, 0);
    ledger_gaps := ledger.gaps;
    IF ledger.has_entries THEN
        SELECT * INTO old_tokens, old_token_keys, not_rotated, not_rotated_keys, created_since
        FROM @extschema@.ticket_account(context, run);
        verified := state = 'finished' AND ledger_gaps = 0 AND old_tokens = 0 AND not_rotated = 0;
    END IF;
    EXECUTE @extschema@.ticket_fill('SELECT count(*) FROM @target@ WHERE @lacks_token@', context) INTO without_token;
    duplicate_tokens := 0;
    IF NOT (context ->> 'is_unique')::boolean THEN
        EXECUTE @extschema@.ticket_fill(
            'SELECT count(@token@) - count(DISTINCT @token@) FROM @target@ WHERE NOT (@lacks_token@)', context)
        INTO duplicate_tokens;
    END IF;
    PERFORM @extschema@.ticket_confirm(context);
    RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_verify(regclass, name, text) IS 'The evidence on the newest run, by the search_path of the caller';
