-- The choice of a format for a run: as it was asked for, or as a sample of the tokens has it (choose.rs, looks_like.rs,
-- trial.rs).

-- How many characters all tokens begin with, up to the last separator in them. Fewer than 3 may begin alike by chance,
-- and no part of a token may end up in an error.
CREATE FUNCTION @extschema@.ticket_prefix(tokens text[]) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN cardinality(tokens) < 3 OR common >= length(tokens[1]) THEN 0
                ELSE coalesce(length(substring(left(tokens[1], common) FROM '^.*[^A-Za-z0-9]')), 0) END
    FROM (SELECT coalesce(max(size), 0) AS common
          FROM generate_series(1, least(length(tokens[1]), 20)) AS size
          WHERE NOT EXISTS (SELECT FROM unnest(tokens) AS token
                            WHERE left(token, size) <> left(tokens[1], size))) AS prefix
$$;
COMMENT ON FUNCTION @extschema@.ticket_prefix(text[]) IS 'How many characters all tokens begin with';

-- Runs of random characters between separators that stand at the same place in all tokens; NULL where no alphabet has
-- them.
CREATE FUNCTION @extschema@.ticket_random_fields(rests text[]) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    WITH size AS (
        SELECT max(length(rest)) AS longest, min(length(rest)) = max(length(rest)) AS is_same FROM unnest(rests) AS rest
    ), place AS (
        SELECT place, substr(rests[1], place, 1) AS first, is_same AND substr(rests[1], place, 1) !~ '[A-Za-z0-9]'
               AND NOT EXISTS (SELECT FROM unnest(rests) AS rest
                               WHERE substr(rest, place, 1) <> substr(rests[1], place, 1))
               AS separates
        FROM size, generate_series(1, longest) AS place
    ), part AS (
        SELECT min(place) AS start, count(*) AS size, separates, min(first) AS first
        FROM (SELECT *, CASE WHEN separates THEN place ELSE -sum(separates::integer) OVER (ORDER BY place) END AS run
              FROM place) AS place
        GROUP BY separates, run
    ), field AS (
        SELECT start, CASE WHEN separates THEN first ELSE (
            SELECT format('{%s:%s}', name, size) FROM @extschema@.ticket_alphabets()
            WHERE NOT EXISTS (SELECT FROM unnest(rests) AS rest
                              WHERE translate(substr(rest, start::integer, size::integer), characters, '') <> '')
            ORDER BY place
            LIMIT 1) END AS field
        FROM part
    )
    SELECT CASE WHEN count(*) = count(field) THEN string_agg(field, '' ORDER BY start) END FROM field
$$;
COMMENT ON FUNCTION @extschema@.ticket_random_fields(text[]) IS 'The fields that tokens look like';

CREATE FUNCTION @extschema@.ticket_looks_like(tokens text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    prefix integer := @extschema@.ticket_prefix(tokens);
    looks text;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(tokens) AS token WHERE NOT @extschema@.ticket_is_uuid(token)) THEN
        RETURN 'uuid';
    ELSIF EXISTS (SELECT FROM unnest(tokens) AS token WHERE octet_length(token) <> length(token)
        OR token ~ '[^\x01-\x7f]')
          OR tokens[1] = '' THEN
        RETURN NULL;
    END IF;
    looks := left(tokens[1], prefix) || @extschema@.ticket_random_fields(
        ARRAY(SELECT substr(token, prefix + 1) FROM unnest(tokens) AS token));
    RETURN CASE WHEN @extschema@.ticket_format(looks) ? 'fields' THEN looks END;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_looks_like(text[]) IS 'The format that tokens look like';

-- As the server writes them.
CREATE FUNCTION @extschema@.ticket_is_uuid(token text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' $$;
COMMENT ON FUNCTION @extschema@.ticket_is_uuid(text) IS 'Whether a text is a UUID';

-- Tokens that are live, of all parts of the table as far as it is large, and what they look like.
CREATE FUNCTION @extschema@.ticket_sample(context jsonb, tickets bigint, OUT sampled bigint, OUT uuids bigint,
    OUT looks text)
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := context ->> 'kind';
    longest integer;
    shortest integer;
    tokens text[];
BEGIN
    sampled := 0;
    uuids := 0;
    looks := 'uuid';
    IF kind = 'uuid' THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*), max(length(token)), min(length(token)), %s
                    FROM (SELECT DISTINCT token%s FROM (%s) AS token (token)) AS token',
        CASE kind WHEN 'text' THEN 'array_agg(token ORDER BY token)' ELSE 'NULL::text[]' END,
        CASE kind WHEN 'text' THEN ' COLLATE "C" AS token' ELSE '' END,
        @extschema@.ticket_fill($q$
@include src/queries/sample_tokens.sql@
$q$, context || jsonb_build_object('bytes', context -> 'token_bytes')))
    INTO sampled, longest, shortest, tokens
    USING least(100, 3 * 100.0 * 1000 / greatest(tickets, 1))::float4, 1000::bigint;
    IF sampled = 0 THEN
        looks := NULL;
    ELSIF kind = 'bytea' THEN
        looks := CASE WHEN shortest = 16 AND longest = 16 THEN 'uuid'
                      WHEN longest > 0 THEN format('{bytes:%s}', longest) END;
    ELSE
        uuids := (SELECT count(*) FROM unnest(tokens) AS token WHERE @extschema@.ticket_is_uuid(token));
        looks := @extschema@.ticket_looks_like(tokens);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_sample(jsonb, bigint) IS 'What live tokens look like';

-- A call that starts a run of this target as this one would, with another format.
CREATE FUNCTION @extschema@.ticket_start_call(context jsonb, argument text) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT @extschema@.ticket_call(context, 'start_ticket_rotation', concat(
        ', key_column => ' || ('''' || replace(context ->> 'named_key', '''', '''''') || ''''),
        CASE WHEN (context ->> 'fill_null')::boolean THEN ', fill_null => true' END, ', ' || argument))
$$;
COMMENT ON FUNCTION @extschema@.ticket_start_call(jsonb, text) IS 'A start with another argument, to be pasted';

CREATE FUNCTION @extschema@.ticket_start_with(context jsonb, format text, is_weak boolean) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT @extschema@.ticket_start_call(context, format('format => ''%s''', replace(format, '''', ''''''))
                                                  || CASE WHEN is_weak THEN ', force => true' ELSE '' END)
$$;
COMMENT ON FUNCTION @extschema@.ticket_start_with(jsonb, text, boolean) IS 'A start with a format, to be pasted';

-- A function by the caller's search_path: qualified, with the type of its argument.
CREATE FUNCTION @extschema@.ticket_resolve_function(context jsonb, wanted text, OUT function text, OUT fault text)
LANGUAGE plpgsql
AS $$
DECLARE
    signatures text[] := CASE WHEN wanted LIKE '%(%)' THEN ARRAY[wanted] ELSE ARRAY[
        wanted || '()', format('%s(%s)', wanted, context ->> 'bytes_type'),
        format('%s(%s)', wanted, context ->> 'base'),
        wanted || '(pg_catalog.varchar)'] END;
    procedure oid;
    described record;
BEGIN
    PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
    SELECT pg_catalog.min(pg_catalog.to_regprocedure(signature)::pg_catalog.oid::pg_catalog.text::pg_catalog.int8)
        INTO procedure
    FROM pg_catalog.unnest(signatures) WITH ORDINALITY AS signature (signature, place)
    WHERE pg_catalog.to_regprocedure(signature) IS NOT NULL
    GROUP BY place
    ORDER BY place
    LIMIT 1;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF procedure IS NULL THEN
        fault := 'there is no such function without arguments, or with the old token as its only one';
        RETURN;
    END IF;
    EXECUTE $q$
@include src/queries/token_function.sql@
$q$ INTO described USING procedure, context ->> 'bytes_type';
    fault := described.fault;
    function := described.name || CASE described.argument WHEN '' THEN '' ELSE format('(%s)', described.argument) END;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_resolve_function(jsonb, text) IS 'Looks up a function that makes tokens';

-- As it is to be kept in the run.
CREATE FUNCTION @extschema@.ticket_asked_for(context jsonb, wanted text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    parts jsonb := @extschema@.ticket_format(wanted);
    kind text := context ->> 'kind';
    fault text := parts ->> 'fault';
    resolved record;
BEGIN
    IF getdatabaseencoding() <> 'UTF8' AND wanted ~ '[^ -~]' AND NOT parts ? 'function' THEN
        fault := 'in this database it can have ASCII characters only';
    ELSIF parts ? 'function' AND (context ->> 'citus')::boolean THEN
        fault := 'a function would be called by other nodes, in a table that Citus keeps';
    ELSIF parts ? 'function' THEN
        resolved := @extschema@.ticket_resolve_function(context, parts ->> 'function');
        fault := resolved.fault;
        wanted := 'function:' || resolved.function;
    ELSIF parts ? 'fields' AND kind = 'uuid' THEN
        fault := 'the column is of type uuid';
    ELSIF parts ? 'bytes' AND kind <> 'bytea' THEN
        fault := 'the column is not of type bytea';
    END IF;
    IF fault IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('BadFormat', jsonb_build_object(
            'format', coalesce(wanted, 'function:' || (parts ->> 'function')), 'fault', fault,
            'call', @extschema@.ticket_start_call(context, 'format => ''sk_live_{base62:32}''')));
    END IF;
    RETURN wanted;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_asked_for(jsonb, text) IS 'A format that was asked for, as it is kept';

-- New tokens are tried on the column before a run starts: not its first batch should find out that they do not fit.
CREATE FUNCTION @extschema@.ticket_trial(context jsonb, format text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    -- A CHECK that some tokens pass by chance is mostly found with so many.
    most constant bigint := 50;
    parts jsonb := @extschema@.ticket_format(format);
    run jsonb := jsonb_build_object('token_format', format, 'tickets_planned', 0);
    declared text := context ->> 'token_type';
    called text;
    tokens text[];
    cut bigint;
    columns text;
    is_violated boolean;
    rule record;
BEGIN
    IF parts ? 'function' THEN
        called := @extschema@.ticket_function_call(parts ->> 'function', 'retired.token') || '::pg_catalog.text';
        PERFORM pg_catalog.set_config('search_path', context ->> 'path', true);
        EXECUTE @extschema@.ticket_fill(pg_catalog.format(
            'SELECT pg_catalog.array_agg(token) FROM (SELECT pg_catalog.unnest(ARRAY[%1$s, %1$s]) AS token
             FROM (SELECT @token_bytes@ AS token FROM @target@ WHERE true@has_token@ LIMIT $1) AS retired)
                 AS made', called), context)
        INTO tokens USING most;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        IF tokens IS NULL THEN
            RETURN NULL;
        ELSIF array_position(tokens, NULL) IS NOT NULL THEN
            RETURN 'the function returns NULL';
        ELSIF (SELECT count(DISTINCT token COLLATE "C") < count(*) FROM unnest(tokens) AS token) THEN
            RETURN 'the function returns the same token twice';
        END IF;
    ELSE
        EXECUTE pg_catalog.format('SELECT array_agg((%s)::text) FROM generate_series(1, $1)',
                                  @extschema@.ticket_new_token(context, run)) INTO tokens USING most;
    END IF;
    -- An explicit cast cuts off what is too long, and checks a domain.
    BEGIN
        EXECUTE pg_catalog.format('SELECT count(*) FROM unnest($1) AS fresh (token) WHERE '
            || CASE context ->> 'kind' WHEN 'text' THEN 'length(token::%1$s::text) < length(token)'
                ELSE 'token::%1$s IS NULL' END,
            declared) INTO cut USING tokens;
    EXCEPTION WHEN integrity_constraint_violation OR not_null_violation OR check_violation THEN
        RETURN sqlerrm;
    END;
    IF cut > 0 THEN
        RETURN pg_catalog.format('they have %s characters, more than its %s holds',
                                 (SELECT max(octet_length(token)) FROM unnest(tokens) AS token), declared);
    END IF;
    EXECUTE $q$
@include src/queries/other_columns.sql@
$q$ INTO columns USING (context ->> 'oid')::oid, context ->> 'column';
    FOR rule IN EXECUTE pg_catalog.format('SELECT * FROM (%s) AS rule (name, condition)', $q$
@include src/queries/token_checks.sql@
$q$) USING (context ->> 'oid')::oid, context ->> 'column' LOOP
        EXECUTE @extschema@.ticket_fill($q$
@include src/queries/violating_tokens.sql@
$q$, context || jsonb_build_object('columns', coalesce(columns, ''), 'declared', declared, 'condition', rule.condition))
        INTO is_violated USING tokens, most;
        IF is_violated THEN
            RETURN 'they violate ' || rule.name;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_trial(jsonb, text) IS 'Why tokens of a format do not fit their column';

CREATE FUNCTION @extschema@.ticket_choose_format(context jsonb, tickets bigint, wanted text, force boolean) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    sample record := @extschema@.ticket_sample(context, tickets);
    folds_case boolean := context ->> 'folds_case';
    call text := CASE WHEN sample.looks IS NULL THEN 
        @extschema@.ticket_start_call(context, 'format => ''sk_live_{base62:32}''')
                      ELSE @extschema@.ticket_start_with(
                          context, sample.looks, 
                          coalesce(@extschema@.ticket_bits(sample.looks, folds_case) < 64, false)) END;
    facts jsonb := context || jsonb_build_object('column', context -> 'token', 'sampled', sample.sampled,
                                                 'uuids', sample.uuids,
                                                 'looks', sample.looks, 'call', call, 'tickets', tickets);
    chosen text := 'uuid';
    bits double precision;
    fault text;
BEGIN
    IF wanted IS NOT NULL THEN
        chosen := @extschema@.ticket_asked_for(context, wanted);
    ELSIF sample.sampled > 0 AND sample.looks IS DISTINCT FROM 'uuid' THEN
        -- Of so few, with nothing in common, nobody can rely on a form.
        IF sample.looks IS NULL AND sample.sampled < 10 THEN
            RAISE WARNING 'the few tokens of table % have no form that could be kept: new ones are UUIDs',
                context ->> 'table'
                USING DATATYPE = 'ticket_ext';
        ELSE
            PERFORM @extschema@.ticket_refuse(CASE WHEN sample.looks IS NULL THEN 'NoCommonFormat'
                ELSE 'OtherFormat' END, facts);
        END IF;
    END IF;
    bits := @extschema@.ticket_bits(chosen, folds_case);
    facts := facts || jsonb_build_object('format', chosen, ':.0', round((2 ^ bits)::numeric), 
                                         'bits:.0', round(bits::numeric));
    IF (context ->> 'is_unique')::boolean AND 2 ^ bits < 2.0 * tickets THEN
        PERFORM @extschema@.ticket_refuse('FullFormat', facts);
    ELSIF bits < 64 AND NOT force THEN
        PERFORM @extschema@.ticket_refuse('WeakFormat', facts || jsonb_build_object(
            'call', @extschema@.ticket_start_with(context, chosen, true)));
    END IF;
    fault := @extschema@.ticket_trial(context, chosen);
    IF fault IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('UnfitFormat', facts || jsonb_build_object('fault', fault));
    ELSIF bits IS NULL THEN
        RAISE NOTICE 'new tokens are made by %, which alone knows how random they are',
            chosen
            USING DATATYPE = 'ticket_ext';
    ELSIF chosen <> 'uuid' THEN
        RAISE NOTICE 'new tokens look like %: % random bits', chosen,
            round(bits::numeric)
            USING DATATYPE = 'ticket_ext';
    END IF;
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_choose_format(jsonb, bigint, text, boolean) IS 'Chooses the format of a run';
