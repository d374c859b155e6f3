-- Whose tokens leaked: looked up by their digests, which tickets had them and which runs retired them (trace.rs,
-- trace_token.rs, traced_keys.rs).

-- Keys of the tickets that an entry may be of, where they are UUIDs: the ledger has only their ids. Of one that the
-- table has no more, its beginning.
CREATE FUNCTION @extschema@.ticket_traced_key(context jsonb, id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := @extschema@.ticket_bounds(true, id, id);
    names text;
BEGIN
    EXECUTE @extschema@.ticket_fill_keys(
        'SELECT string_agg(@key_value@::text, '' or '' ORDER BY @key@)
         FROM @target@ WHERE @key@ >= $1 AND @key@ <= $2', context)
    INTO names USING bounds[1], bounds[2];
    RETURN coalesce(names, left(bounds[1]::uuid::text, 17) || '...');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_traced_key(jsonb, bigint) IS 'The keys that an id may be of';

-- Of all runs of the target, the newest first. A run whose entries are forgotten is a row without a digest. The
-- digests that are asked for are hashed, and the entries of each run pass by once.
CREATE FUNCTION @extschema@.ticket_trace(wanted bigint[], context jsonb)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE plpgsql
AS $body$
DECLARE
    run record;
    step record;
    sweep integer;
    last_id bigint;
    is_uuid boolean := context ->> 'is_uuid';
BEGIN
    -- Who may not read keys and tokens of the table learns none of its keys from the ledger.
    EXECUTE @extschema@.ticket_fill('SELECT @key@, @token@ FROM @target@ LIMIT 0', context);
    FOR run IN EXECUTE format('SELECT * FROM (%s) AS run (number, has_entries)', $q$
@include src/queries/traced_runs.sql@
$q$) USING (context ->> 'oid')::oid, (context ->> 'token_number')::smallint, context ->> 'column' LOOP
        IF NOT run.has_entries THEN
            RETURN QUERY SELECT NULL::bigint, run.number, NULL::text, NULL::timestamptz;
            CONTINUE;
        END IF;
        sweep := 0;
        last_id := -9223372036854775808;
        LOOP
            -- The list is hashed once a step only if the entries are at hand before the two are joined.
            EXECUTE format('WITH batch AS MATERIALIZED (%s), entry AS MATERIALIZED (
                    SELECT sweep, last_id, finished_at, id, digest, place
                    FROM batch, unnest(keys, digests) WITH ORDINALITY AS entry (id, digest, place))
                SELECT array_agg(id ORDER BY sweep, last_id, place) AS ids,
                       array_agg(digest ORDER BY sweep, last_id, place) AS digests,
                       array_agg(finished_at ORDER BY sweep, last_id, place) AS times,
                       (SELECT max(sweep) FROM batch) AS sweep,
                       (SELECT max(last_id) FROM batch WHERE sweep = (SELECT max(sweep) FROM batch)) AS last_id
                FROM entry
                WHERE digest IN (SELECT unnest($5))', $q$
@include src/queries/traced_batches.sql@
$q$) INTO step USING run.number, sweep, last_id, 100000::bigint, wanted;
            EXIT WHEN step.sweep IS NULL;
            RETURN QUERY SELECT entry.digest, run.number,
                                CASE WHEN is_uuid THEN @extschema@.ticket_traced_key(context, entry.id)
                                     ELSE entry.id::text END,
                                entry.finished_at
                         FROM unnest(step.ids, step.digests, step.times) AS entry (id, digest, finished_at);
            sweep := step.sweep;
            last_id := step.last_id;
        END LOOP;
    END LOOP;
END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_trace(bigint[], jsonb) IS 'The entries with some digests, of all runs of a target';

CREATE FUNCTION @extschema@.ticket_trace_digests(wanted bigint[], target regclass, token_column name, path text)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM @extschema@.ticket_trace(wanted, @extschema@.ticket_context('read', target,
        token_column, path));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_trace_digests(bigint[], regclass, name, text) IS 'The entries with some digests, by the search_path of the caller';

-- The ways in which the column can hold a token. The server's own error would quote what is no token.
CREATE FUNCTION @extschema@.ticket_spellings(context jsonb, token text) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    plain text := btrim(token, E' \t\n\r');
    uuid text := lower(replace(regexp_replace(btrim(plain, '{}'), '^urn:uuid:', '', 'i'), '-', ''));
    is_uuid boolean := uuid ~ '^[0-9a-f]{32}$'
        AND plain ~ '^(\{|urn:uuid:)?([^-]{8}(-[^-]{4}){3}-[^-]{12}|[^-]{32})\}?$';
BEGIN
    CASE context ->> 'kind'
    WHEN 'uuid' THEN
        IF NOT is_uuid THEN
            PERFORM @extschema@.ticket_refuse('NoToken', context || '{"expected": "a UUID"}');
        END IF;
        RETURN ARRAY[uuid::uuid::text];
    WHEN 'bytea' THEN
        IF plain !~ '^\\x([0-9A-Fa-f]{2})*$' THEN
            PERFORM @extschema@.ticket_refuse('NoToken', context || jsonb_build_object('expected',
                '\x and hexadecimal digits'));
        END IF;
        RETURN ARRAY[plain];
    ELSE
        RETURN ARRAY(SELECT DISTINCT spelling FROM unnest(ARRAY[token, plain] || CASE WHEN is_uuid THEN
            ARRAY[uuid, upper(uuid), uuid::uuid::text, upper(uuid::uuid::text)] END) AS spelling);
    END CASE;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_spellings(jsonb, text) IS 'The ways in which the column can hold a token';

CREATE FUNCTION @extschema@.ticket_trace_token(token text, target regclass, token_column name, path text)
RETURNS TABLE (state text, key text, run_id bigint, retired_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context jsonb := @extschema@.ticket_context('read', target, token_column, path);
    spellings text[] := @extschema@.ticket_spellings(context, token);
    digests bigint[];
    is_known boolean := false;
BEGIN
    EXECUTE format('SELECT array_agg(@extschema@.ticket_token_digest(spelling::%s)) FROM unnest($1) AS spelling',
                   context ->> 'bytes_type') INTO digests USING spellings;
    FOR key IN EXECUTE @extschema@.ticket_fill(
        'SELECT @key@::text FROM @target@ WHERE @token@ = ANY ($1::text[]::@bytes_type@[]) ORDER BY @key@', context)
        USING spellings LOOP
        state := 'live';
        is_known := true;
        RETURN NEXT;
    END LOOP;
    FOR state, key, run_id, retired_at IN
        SELECT CASE WHEN digest IS NULL THEN 'forgotten' ELSE 'retired' END, traced.key, traced.run_id,
            traced.retired_at
        FROM @extschema@.ticket_trace(digests, context) AS traced LOOP
        is_known := is_known OR state = 'retired';
        RETURN NEXT;
    END LOOP;
    IF NOT is_known THEN
        RETURN QUERY SELECT 'unknown', NULL::text, NULL::bigint, NULL::timestamptz;
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_trace_token(text, regclass, name, text) IS 'Whose token it is or was, by the search_path of the caller';
