-- One batch: the next tickets of one range, in the caller's transaction (batch.rs, interval.rs, entries.rs).
--
-- No function can note what the UPDATE replaces. So one statement reads the tickets and their digests, and updates each
-- that still has the token which was read: compare and swap. Where another session has changed the token in between,
-- the server looks again at the new version, and the ticket is left for a second attempt under a lock.

-- Integrity violations without the row, which the server quotes with its tokens (violation.rs). Words that a function
-- of the user's has chosen name no constraint or table: they are not to be taken for the server's.
CREATE FUNCTION @extschema@.ticket_withhold(context jsonb, run jsonb, code text, message text, place text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF place = '' THEN
        RETURN false;
    ELSIF code = '23505' AND @extschema@.ticket_crowd(context, run) IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('Collision', context || @extschema@.ticket_crowd(context, run));
    END IF;
    PERFORM @extschema@.ticket_refuse('Violation', jsonb_build_object('code', code, 'message', message));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_withhold(jsonb, jsonb, text, text, text) IS 'Raises the error of a violated constraint, without the row';

-- A statement on the target by the caller's search_path, for its triggers: all waits for tickets end within half of
-- deadlock_timeout, so that it is never the application that is ended by a deadlock (lock_wait.rs).
CREATE FUNCTION @extschema@.ticket_execute(
    context jsonb, run jsonb, statement text, first text, second text, free text[],
    keys text[] DEFAULT NULL, old bytea[] DEFAULT NULL,
    OUT seen bigint[], OUT ids bigint[], OUT digests bigint[], OUT made bigint[], OUT moved text[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    longest interval := least(current_setting('deadlock_timeout')::interval / 2,
                              nullif(current_setting('lock_timeout')::interval, '0'));
    before text := @extschema@.ticket_limit_locks(longest);
    tighten_at timestamptz := clock_timestamp() + longest / 8;
    ends_at timestamptz := clock_timestamp() + longest;
    code text;
    message text;
    constraint_name text;
    table_name text;
BEGIN
    IF current_setting('ticket_rotation.batch', true) = pg_current_xact_id()::text THEN
        PERFORM @extschema@.ticket_refuse('NestedBatch');
    END IF;
    BEGIN
        -- The guard lets a batch pass.
        PERFORM set_config('ticket_rotation.batch',
                           CASE WHEN free IS NULL THEN '' ELSE pg_current_xact_id()::text END, true);
        PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
        IF free IS NULL THEN
            EXECUTE statement USING first, second;
        ELSE
            EXECUTE statement INTO seen, ids, digests, made, moved USING first, second, tighten_at, ends_at, free,
                keys, old;
        END IF;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        PERFORM set_config('ticket_rotation.batch', '', true);
    EXCEPTION
        WHEN integrity_constraint_violation OR restrict_violation OR not_null_violation OR foreign_key_violation
             OR unique_violation OR check_violation OR exclusion_violation THEN
            GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                constraint_name = CONSTRAINT_NAME, table_name = TABLE_NAME;
            -- Citus does not pass the names on.
            IF NOT @extschema@.ticket_withhold(context, run, code, message, CASE WHEN (context ->> 'citus')::boolean
                THEN 'a shard' ELSE constraint_name || table_name END) THEN
                RAISE;
            END IF;
    END;
    PERFORM @extschema@.ticket_unlimit_locks(before);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_execute(jsonb, jsonb, text, text, text, text[], text[], bytea[]) IS 'Carries a statement on the target out, by the search_path of the caller';

-- What is deferred to the COMMIT would come after the comparison.
CREATE FUNCTION @extschema@.ticket_fire_deferred(context jsonb, run jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF (context ->> 'has_triggers')::boolean THEN
        PERFORM @extschema@.ticket_execute(context, run, 'SET CONSTRAINTS ALL IMMEDIATE', NULL, NULL, NULL);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_fire_deferred(jsonb, jsonb) IS 'Fires deferred triggers';

-- A new token, before which waits for locks are limited to what is left of the time.
CREATE FUNCTION @extschema@.ticket_limited(fresh text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $body$
BEGIN
    RETURN replace($q$CASE WHEN CASE WHEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.<) $3 THEN true
                                 ELSE pg_catalog.set_config('lock_timeout', greatest(1, 1000 OPERATOR(pg_catalog.*)
                                      extract(epoch FROM $4 OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()))
                                      ::pg_catalog.int4::pg_catalog.text, true) IS NOT NULL
                            END THEN @fresh@ END$q$, '@fresh@', fresh);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_limited(text) IS 'The expression for a new token within limited waits';

-- From PostgreSQL 18 on, an UPDATE tells what it has replaced, and needs no look before it. Where triggers fire, what
-- they have suppressed would be missing; and short tokens are numbered, which an UPDATE cannot.
CREATE FUNCTION @extschema@.ticket_update_old(context jsonb, fresh text, those text, lists boolean) RETURNS text
LANGUAGE plpgsql
AS $body$
DECLARE
    retired text := 'old.' || (context ->> 'token_bytes');
    digest text := format('@extschema@.ticket_token_digest(%s)', retired);
    repeats boolean := context ->> 'repeats';
BEGIN
    IF context ->> 'kind' = 'text' THEN
        digest := format('CASE WHEN %s OPERATOR(pg_catalog.<>) ''''::pg_catalog.text THEN %s END', retired, digest);
    END IF;
    RETURN @extschema@.ticket_fill_keys(replace($q$
WITH written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    WHERE @those@@has_token@
    RETURNING @id@ AS id, @retired@ AS digest@made@
)
SELECT NULL, pg_catalog.array_agg(id), pg_catalog.array_agg(digest), @all_made@, NULL
FROM (SELECT * FROM written ORDER BY id) AS entry
$q$, '@those@', those), context || jsonb_build_object(
        'limited', @extschema@.ticket_limited(fresh), 'retired', digest,
        'made', CASE WHEN repeats THEN format(', @extschema@.ticket_token_digest(new.%s) AS made', context ->> 'token_bytes')
                     ELSE '' END,
        'all_made', CASE WHEN repeats THEN 'pg_catalog.array_agg(made)' ELSE 'NULL' END),
        lists);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_update_old(jsonb, text, text, boolean) IS 'The UPDATE of a batch that tells what it has replaced';

-- The UPDATE joins the target to itself, key by key, where nothing has to be known of the new tokens. The tickets are
-- counted before it leaves new versions in their way; which they were is only asked where one was left out. A list of
-- all of them, with tokens made beforehand, takes 0.6 us a ticket more.
CREATE FUNCTION @extschema@.ticket_update(context jsonb, run jsonb, those text, lists boolean) RETURNS text
LANGUAGE plpgsql
AS $body$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    repeats boolean := context ->> 'repeats';
    made_before boolean := has_triggers
        OR context ->> 'kind' = 'text' AND @extschema@.ticket_crowd(context, run) IS NOT NULL;
    fresh text := @extschema@.ticket_new_token(context || CASE WHEN made_before THEN '{}' ELSE jsonb_build_object(
        'token_bytes', 'ticket.' || (context ->> 'token_bytes')) END, run);
    look text := replace($q$
    SELECT @key@ AS key, @id@ AS id, @token_bytes@ AS token, @place@@fresh@
           CASE WHEN @lacks_token@ THEN NULL ELSE @extschema@.ticket_token_digest(@token_bytes@) END AS digest
    FROM @target@
    WHERE @those@@has_token@$q$, '@fresh@', CASE WHEN made_before THEN fresh || ' AS fresh,' ELSE '' END);
BEGIN
    IF current_setting('server_version_num')::integer >= 180000 AND NOT made_before THEN
        RETURN @extschema@.ticket_update_old(context, fresh, those, lists);
    END IF;
    RETURN @extschema@.ticket_fill_keys(replace(replace(CASE WHEN made_before THEN $q$
WITH present AS MATERIALIZED (@look@
    ORDER BY @key@
), written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    FROM present
    WHERE @same@
    RETURNING present.id, present.digest@made@@moved@
)
SELECT (SELECT pg_catalog.array_agg(id) FROM present),
$q$ ELSE $q$
WITH seen AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS tickets
    FROM @target@
    WHERE @those@@has_token@
), written AS (
    UPDATE @target@ AS ticket
    SET @token@ = @limited@
    FROM (@look@) AS present
    WHERE (SELECT tickets FROM seen) OPERATOR(pg_catalog.>) 0 AND @same@
    RETURNING present.id, present.digest@made@
)
SELECT CASE WHEN (SELECT tickets FROM seen) OPERATOR(pg_catalog.>) pg_catalog.count(*)
            THEN ARRAY(SELECT @id@ FROM @target@ WHERE @those@@has_token@) END,
$q$ END || $q$
       pg_catalog.array_agg(id), pg_catalog.array_agg(digest), @all_made@, @all_moved@
FROM (SELECT * FROM written ORDER BY id) AS entry
$q$, '@look@', look), '@those@', those), context || jsonb_build_object(
        'limited', @extschema@.ticket_limited(CASE WHEN made_before THEN 'present.fresh' ELSE fresh END),
        'same', @extschema@.ticket_same(context, lists),
        'place', CASE WHEN repeats THEN 'ctid AS place, tableoid AS part,' ELSE '' END,
        'made', CASE WHEN made_before THEN ', @extschema@.ticket_token_digest(present.fresh) AS made'
                     WHEN repeats THEN format(', @extschema@.ticket_token_digest(ticket.%s) AS made',
                                              context ->> 'token_bytes')
                     ELSE '' END,
        'all_made', CASE WHEN made_before OR repeats THEN 'pg_catalog.array_agg(made)' ELSE 'NULL' END,
        'moved', CASE WHEN has_triggers THEN format(', CASE WHEN ticket.%1$s OPERATOR(pg_catalog.<>) present.key
            THEN ticket.%1$s::pg_catalog.text END AS moved', context ->> 'key') ELSE '' END,
        'all_moved', CASE WHEN has_triggers THEN 'pg_catalog.array_agg(moved) FILTER (WHERE moved IS NOT NULL)'
            ELSE 'NULL' END),
        lists);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_update(jsonb, jsonb, text, boolean) IS 'The UPDATE of a batch';

-- That a ticket has the token with which it was seen. Of tickets that have key and token in common, each is itself.
CREATE FUNCTION @extschema@.ticket_same(context jsonb, lists boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $body$
BEGIN
    RETURN format('ticket.%1$s OPERATOR(pg_catalog.=) present.key AND %2$s%3$s
      AND (ticket.%4$s OPERATOR(pg_catalog.=) present.token%5$s%6$s)',
        context ->> 'key',
        format(CASE WHEN lists THEN 'ticket.%1$s OPERATOR(pg_catalog.=) ANY ($1::%2$s[])'
                    ELSE 'ticket.%1$s OPERATOR(pg_catalog.>=) $1::%2$s
                          AND ticket.%1$s OPERATOR(pg_catalog.<=) $2::%2$s' END,
               context ->> 'key', context ->> 'key_type'),
        CASE WHEN (context ->> 'repeats')::boolean THEN ' AND ticket.ctid OPERATOR(pg_catalog.=) present.place
              AND ticket.tableoid OPERATOR(pg_catalog.=) present.part' ELSE '' END,
        context ->> 'token_bytes',
        CASE context ->> 'kind' WHEN 'text' THEN ' COLLATE pg_catalog."C"' ELSE '' END,
        CASE context ->> 'lacks_token' WHEN 'false' THEN ''
            ELSE format(' OR ticket.%s IS NULL AND present.token IS NULL', context ->> 'token') END);
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_same(jsonb, boolean) IS 'The condition that a ticket is as it was seen';

-- What was written, by what is stored where triggers fire: one may have suppressed a row or changed its token. And
-- what is left: tickets that were seen and are not among it.
CREATE FUNCTION @extschema@.ticket_reconcile(
    context jsonb, those text, first text, second text, lists boolean, seen bigint[],
    INOUT ids bigint[], INOUT digests bigint[], INOUT made bigint[], OUT left_keys text[], OUT left_digests bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    by_id boolean := NOT has_triggers AND NOT (context ->> 'repeats')::boolean;
    stored record;
BEGIN
    EXECUTE @extschema@.ticket_fill_keys(replace(format(
        'SELECT array_agg(key::text) AS keys, array_agg(%s) AS ids, array_agg(digest) AS digests
         FROM (%s) AS stored (key, digest)',
        CASE WHEN (context ->> 'is_uuid')::boolean THEN '@extschema@.ticket_key(key)' ELSE 'key' END,
        $q$
@include src/queries/stored.sql@
$q$), '@those@', CASE WHEN lists THEN '@key@ = ANY ($1)' ELSE those END), context, lists) INTO stored
    USING first, second;
    IF has_triggers THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(array_agg(digest ORDER BY id), '{}'),
               coalesce(array_agg(fresh ORDER BY id), '{}')
        INTO ids, digests, made
        FROM unnest(ids, digests, made) AS written (id, digest, fresh)
        WHERE (id, fresh) IN (SELECT * FROM unnest(stored.ids, stored.digests));
    END IF;
    SELECT array_agg(key ORDER BY id), array_agg(digest ORDER BY id) INTO left_keys, left_digests
    FROM unnest(stored.keys, stored.ids, stored.digests) AS ticket (key, id, digest)
    WHERE id IN (SELECT unnest(seen))
      AND NOT EXISTS (SELECT FROM unnest(ids, made) AS written (id, fresh)
                      WHERE written.id = ticket.id AND (by_id OR fresh = ticket.digest))
      AND (NOT lists OR (key, digest) IN (SELECT * FROM unnest(first::text[], second::bigint[])));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_reconcile(jsonb, text, text, text, boolean, bigint[], bigint[], bigint[], bigint[]) IS 'Compares what a batch has written with what is stored';

-- Gives the tickets new tokens. Returns the entries of what was written, and the tickets that were not.
CREATE FUNCTION @extschema@.ticket_write(
    context jsonb, run jsonb, those text, first text, second text, about bigint, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[], OUT left_keys text[], OUT left_digests bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    has_triggers boolean := context ->> 'has_triggers';
    result record;
BEGIN
    PERFORM @extschema@.ticket_fire_deferred(context, run);
    result := @extschema@.ticket_execute(context, run, @extschema@.ticket_update(context, run, those, lists),
                                         first, second,
                                         @extschema@.ticket_free_tokens(context, run, about));
    ids := coalesce(result.ids, '{}');
    digests := coalesce(result.digests, '{}');
    made := coalesce(result.made, '{}');
    IF result.moved IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse_kept(context, result.moved);
    ELSIF has_triggers OR cardinality(ids) < cardinality(result.seen) THEN
        PERFORM @extschema@.ticket_fire_deferred(context, run);
        SELECT * INTO ids, digests, made, left_keys, left_digests
        FROM @extschema@.ticket_reconcile(context, those, first, second, lists, result.seen, ids, digests, made);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_write(jsonb, jsonb, text, text, text, bigint, boolean) IS 'Gives tickets new tokens, as far as nothing comes in between';

CREATE FUNCTION @extschema@.ticket_refuse_kept(context jsonb, keys text[]) RETURNS void
LANGUAGE sql
AS $$
    SELECT @extschema@.ticket_refuse(CASE WHEN context ->> 'disable' IS NULL THEN 'NotRotated' ELSE 'Withheld' END,
        context || jsonb_build_object(
            'count', cardinality(keys),
            'keys', array_to_string(keys[:5], ', ') || CASE WHEN cardinality(keys) > 5 THEN ', ...' ELSE '' END))
$$;
COMMENT ON FUNCTION @extschema@.ticket_refuse_kept(jsonb, text[]) IS 'Raises the error of tickets that would have kept their old token';

-- The same, for certain: what is left over is locked, and so written, unless a trigger withholds it.
CREATE FUNCTION @extschema@.ticket_rotate_those(
    context jsonb, run jsonb, those text, first text, second text, about bigint, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    holding text := $q$
@include src/queries/those_holding.sql@
$q$;
    result record;
    again record;
BEGIN
    IF (context ->> 'citus')::boolean THEN
        SELECT * INTO ids, digests, made FROM @extschema@.ticket_citus_rotate(context, run, first, second, lists);
        RETURN;
    END IF;
    result := @extschema@.ticket_write(context, run, those, first, second, about, lists);
    IF result.left_keys IS NOT NULL THEN
        first := result.left_keys;
        second := result.left_digests;
        PERFORM @extschema@.ticket_execute(context, run, @extschema@.ticket_fill_keys(
            format('SELECT FROM @target@ WHERE %s FOR NO KEY UPDATE', holding), context, true), first, second, NULL);
        again := @extschema@.ticket_write(context, run, holding, first, second, about, true);
        IF again.left_keys IS NOT NULL THEN
            PERFORM @extschema@.ticket_refuse_kept(context, again.left_keys);
        END IF;
        SELECT array_agg(id ORDER BY id), array_agg(digest ORDER BY id), array_agg(fresh ORDER BY id)
        INTO ids, digests, made
        FROM unnest(result.ids || again.ids, result.digests || again.digests, result.made || again.made)
             AS entry (id, digest, fresh);
    ELSE
        ids := result.ids;
        digests := result.digests;
        made := result.made;
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_rotate_those(jsonb, jsonb, text, text, text, bigint, boolean) IS 'Gives tickets new tokens, returns the entries';

-- A run that has ended or was paused since the batch began gets no ledger row: its batch is rolled back.
CREATE FUNCTION @extschema@.ticket_record(
    context jsonb, run bigint, sweep integer, first_id bigint, last_id bigint, claimed jsonb,
    ids bigint[], digests bigint[], made bigint[]
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    tickets bigint := coalesce(cardinality(ids), 0);
    before text := @extschema@.ticket_limit_locks('3 s');
BEGIN
    IF @extschema@.ticket_record_batch(
           run, sweep, first_id, last_id, tickets, (claimed ->> 'tickets')::bigint + tickets, coalesce(ids, '{}'),
           coalesce(digests, '{}'), CASE WHEN (context ->> 'repeats')::boolean THEN coalesce(made, '{}') END,
           (claimed ->> 'claimed_at')::timestamptz) IS NULL THEN
        PERFORM @extschema@.ticket_refuse_state(context, run);
    END IF;
    IF last_id = (claimed ->> 'last_id')::bigint THEN
        PERFORM @extschema@.ticket_finish_range(run, (claimed ->> 'range')::bigint, sweep);
    END IF;
    PERFORM @extschema@.ticket_unlimit_locks(before);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_record(jsonb, bigint, integer, bigint, bigint, jsonb, bigint[], bigint[], bigint[]) IS 'Writes the ledger row of a batch';

CREATE FUNCTION @extschema@.ticket_record_batch(
    run bigint, number integer, first_id bigint, last_id bigint, tickets bigint, range_tickets bigint,
    keys bigint[], digests bigint[], new_digests bigint[], started_at timestamptz
) RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    recorded bigint;
BEGIN
@include src/queries/record_batch.sql@
    INTO recorded;
    RETURN recorded;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_record_batch(bigint, integer, bigint, bigint, bigint, bigint, bigint[], bigint[], bigint[], timestamptz) IS 'Writes a ledger row, unless the run has ended';

-- Returns the last id; that of the range where it held no more tickets. A call goes no further than one range: with the
-- locks of several it might wait for a call that waits for one of them.
CREATE FUNCTION @extschema@.ticket_rotate_next(context jsonb, run jsonb, claimed jsonb, batch bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    first_id bigint := claimed ->> 'first_id';
    last_id bigint := claimed ->> 'last_id';
    next record := @extschema@.ticket_interval(context, first_id, last_id, batch);
    bounds text[];
    entries record;
BEGIN
    IF next.tickets = batch THEN
        last_id := next.up_to;
    END IF;
    IF next.tickets > 0 THEN
        bounds := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, first_id, last_id);
    ELSE
        bounds := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, 1, 0);
    END IF;
    entries := @extschema@.ticket_rotate_those(context, run, $q$
@include src/queries/those_in.sql@
$q$, bounds[1], bounds[2], next.tickets, false);
    PERFORM @extschema@.ticket_record(context, (run ->> 'run_id')::bigint, 0, first_id, last_id, claimed,
                                      entries.ids, entries.digests, entries.made);
    RETURN coalesce(next.up_to, last_id);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_rotate_next(jsonb, jsonb, jsonb, bigint) IS 'Rotates the next tickets of a range';

CREATE FUNCTION @extschema@.ticket_rotate(after_id bigint, batch integer, target regclass, token_column name, path text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb;
    run jsonb;
    number bigint;
    -- Entries of a batch are kept in arrays of the ledger, of at most 1 GB.
    size bigint := least(batch, 5000000);
    from_id bigint := CASE WHEN after_id < 9223372036854775807 THEN after_id + 1
                           WHEN after_id IS NULL THEN -9223372036854775808 END;
    claimed jsonb;
    last_id bigint;
BEGIN
    IF batch IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NullBatch');
    ELSIF batch < 1 THEN
        PERFORM @extschema@.ticket_refuse('BatchTooSmall', jsonb_build_object('found', batch));
    END IF;
    context := @extschema@.ticket_context('rotate', target, token_column, path);
    run := @extschema@.ticket_run_to_rotate(context);
    IF run IS NULL THEN
        RETURN NULL;
    END IF;
    number := run ->> 'run_id';
    IF (run ->> 'has_ranges_left')::boolean THEN
        claimed := @extschema@.ticket_claim_range(context, number, 0, from_id, true);
        IF claimed IS NOT NULL THEN
            claimed := @extschema@.ticket_split_range(context, number, claimed, from_id);
            last_id := @extschema@.ticket_rotate_next(context, run, claimed, size);
        ELSIF NOT @extschema@.ticket_ranges_left(number, 0, -9223372036854775808) THEN
            -- Others have ended the last ranges meanwhile. Their rows, which the claim has waited for, stay locked: a
            -- sweep might wait for a session that waits for one of them.
            last_id := run ->> 'upper_id';
        END IF;
    ELSE
        last_id := @extschema@.ticket_sweep(context, run, size);
        IF last_id IS NULL THEN
            PERFORM @extschema@.ticket_finish(context, run);
        END IF;
    END IF;
    PERFORM @extschema@.ticket_confirm(context);
    RETURN last_id;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_rotate(bigint, integer, regclass, name, text) IS 'Rotates a batch, by the search_path of the caller';
