-- What new tokens look like, and how they are made (format/*.rs).

-- Of those that hold the characters of a token, the first one is what it looks like.
CREATE FUNCTION @extschema@.ticket_alphabets(OUT place integer, OUT name text, OUT characters text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE
AS $$
    VALUES (1, 'digits', '0123456789'),
           (2, 'hex', '0123456789abcdef'),
           (3, 'HEX', '0123456789ABCDEF'),
           (4, 'base32', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'),
           (5, 'base36', '0123456789abcdefghijklmnopqrstuvwxyz'),
           (6, 'base58', '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
           (7, 'base62', '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
           (8, 'base64url', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
           (9, 'base64', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
$$;
COMMENT ON FUNCTION @extschema@.ticket_alphabets() IS 'The characters that a field of a format draws from';

-- A field of a template, or what is wrong with it.
CREATE FUNCTION @extschema@.ticket_field(field text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN name = 'uuid' AND length IS NULL THEN '{"uuid": true}'::jsonb
        WHEN name = 'uuid' THEN jsonb_build_object('fault', format('field {%s} has no length', field))
        WHEN name <> 'bytes' AND characters IS NULL THEN jsonb_build_object('fault', format('there is no field {%s}',
            field))
        WHEN length IS NULL THEN jsonb_build_object('fault', format('field {%s} lacks its length', field))
        WHEN length !~ '^[0-9]{1,4}$' OR length::integer NOT BETWEEN 1 AND 1000
        THEN jsonb_build_object('fault', format('the length of {%s} is not between 1 and 1000', field))
        ELSE jsonb_build_object('alphabet', name, 'characters', characters, 'count', length::integer)
    END
    FROM (SELECT split_part(field, ':', 1) AS name,
                 CASE WHEN strpos(field, ':') > 0 THEN substr(field, strpos(field, ':') + 1) END AS length) AS part
    LEFT JOIN @extschema@.ticket_alphabets() AS alphabet USING (name)
$$;
COMMENT ON FUNCTION @extschema@.ticket_field(text) IS 'A field of a format';

-- A format in parts, or what is wrong with it.
CREATE FUNCTION @extschema@.ticket_format(format text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    rest text := format;
    literal text;
    field jsonb;
    fields jsonb := '[]';
BEGIN
    IF starts_with(format, 'function:') THEN
        RETURN CASE WHEN rest = 'function:' THEN '{"fault": "it names no function"}'
                    ELSE jsonb_build_object('function', substr(format, 10)) END;
    ELSIF format = 'uuid' THEN
        RETURN '{"uuid": true}';
    ELSIF format = '' THEN
        RETURN '{"fault": "it is empty"}';
    END IF;
    WHILE rest <> '' LOOP
        literal := split_part(rest, '{', 1);
        IF strpos(literal, '}') > 0 THEN
            RETURN '{"fault": "a } has no {"}';
        ELSIF literal <> '' THEN
            fields := fields || jsonb_build_object('literal', literal);
        END IF;
        EXIT WHEN literal = rest;
        rest := substr(rest, length(literal) + 2);
        IF strpos(rest, '}') = 0 THEN
            RETURN '{"fault": "a { has no }"}';
        END IF;
        field := @extschema@.ticket_field(split_part(rest, '}', 1));
        IF field ? 'fault' THEN
            RETURN field;
        END IF;
        fields := fields || field;
        rest := substr(rest, strpos(rest, '}') + 1);
    END LOOP;
    IF fields = '[{"uuid": true}]' THEN
        RETURN '{"uuid": true, "independent": true}';
    ELSIF NOT fields @> '[{"uuid": true}]' AND NOT jsonb_path_exists(fields, '$[*].count') THEN
        RETURN '{"fault": "it has no random field"}';
    ELSIF fields @> '[{"alphabet": "bytes"}]' THEN
        RETURN CASE WHEN jsonb_array_length(fields) > 1 THEN '{"fault": "bytes stand alone"}'
                    ELSE jsonb_build_object('bytes', fields -> 0 -> 'count') END;
    END IF;
    RETURN jsonb_build_object('fields', fields);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_format(text) IS 'A format in parts';

-- Random bits of a token; NULL where only a function knows. Where case does not count there are fewer.
CREATE FUNCTION @extschema@.ticket_bits(format text, folds_case boolean) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN parts ? 'uuid' THEN 122
                WHEN parts ? 'bytes' THEN 8 * (parts ->> 'bytes')::integer
                WHEN parts ? 'fields' THEN (
                    SELECT sum(CASE WHEN field ? 'uuid' THEN 122
                                    WHEN field ? 'count' THEN (field ->> 'count')::integer * (
                                        SELECT ln(count(DISTINCT CASE WHEN folds_case THEN lower(one)
                                            ELSE one END COLLATE "C"))
                                               / ln(2::float8)
                                        FROM unnest(string_to_array(field ->> 'characters', NULL)) AS one)
                                    ELSE 0 END)
                    FROM jsonb_array_elements(parts -> 'fields') AS field)
           END
    FROM @extschema@.ticket_format(format) AS parts
$$;
COMMENT ON FUNCTION @extschema@.ticket_bits(text, boolean) IS 'How many random bits tokens of a format have';

-- Of a version 4 UUID, 14 bytes are random as a whole.
CREATE FUNCTION @extschema@.ticket_random_bytes(count integer) RETURNS bytea
LANGUAGE sql VOLATILE
AS $$
    SELECT substr(string_agg(substr(bytes, 1, 6) || substr(bytes, 8, 1) || substr(bytes, 10), ''), 1, count)
    FROM (SELECT uuid_send(gen_random_uuid()) AS bytes FROM generate_series(1, (count + 13) / 14)) AS uuid
$$;
COMMENT ON FUNCTION @extschema@.ticket_random_bytes(integer) IS 'Random bytes from the operating system''s generator';

-- Each character is as likely as any other: a byte that would favour some is drawn again (rejection sampling).
CREATE FUNCTION @extschema@.ticket_draw(characters text, count integer) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    size constant integer := length(characters);
    fair constant integer := 256 - 256 % size;
    drawn text := '';
    bytes bytea;
BEGIN
    WHILE length(drawn) < count LOOP
        bytes := @extschema@.ticket_random_bytes(count - length(drawn) + 8);
        drawn := drawn || (SELECT string_agg(substr(characters, byte % size + 1, 1), '')
                           FROM (SELECT get_byte(bytes, place) AS byte
                                 FROM generate_series(0, length(bytes) - 1) AS place) AS random
                           WHERE byte < fair);
    END LOOP;
    RETURN left(drawn, count);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_draw(text, integer) IS 'Random characters of an alphabet';

-- Within the UPDATE of a batch, by the caller's search_path.
CREATE FUNCTION @extschema@.ticket_new_text(fields jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    field jsonb;
    token text := '';
BEGIN
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        token := token || CASE
            WHEN field ? 'literal' THEN field ->> 'literal'
            WHEN field ? 'uuid' THEN gen_random_uuid()::text
            WHEN field ->> 'alphabet' IN ('hex', 'HEX')
            THEN translate(left(encode(@extschema@.ticket_random_bytes((field ->> 'count')::integer / 2 + 1), 'hex'),
                                (field ->> 'count')::integer), '0123456789abcdef', field ->> 'characters')
            ELSE @extschema@.ticket_draw(field ->> 'characters', (field ->> 'count')::integer)
        END;
    END LOOP;
    RETURN token;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_new_text(jsonb) IS 'A new token of a template';

CREATE FUNCTION @extschema@.ticket_new_bytes(count integer) RETURNS bytea
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.ticket_random_bytes(count) $$;
COMMENT ON FUNCTION @extschema@.ticket_new_bytes(integer) IS 'A new token of random bytes';

-- A token that a function of the user's has made.
CREATE FUNCTION @extschema@.ticket_made(retired anyelement, made anyelement) RETURNS anyelement
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF made IS NULL OR pg_catalog.length(made::pg_catalog.text) OPERATOR(pg_catalog.=) 0 THEN
        PERFORM @extschema@.ticket_refuse('NoNewToken', '{"fault": "no token"}');
    ELSIF made::pg_catalog.text OPERATOR(pg_catalog.=) retired::pg_catalog.text COLLATE pg_catalog."C" THEN
        PERFORM @extschema@.ticket_refuse('NoNewToken', '{"fault": "the old token again"}');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_made(anyelement, anyelement) IS 'A new token, unless it is none';

-- A call of a function, which has been resolved, with the old token.
CREATE FUNCTION @extschema@.ticket_function_call(function text, token text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN function LIKE '%)'
                THEN format('%s(%s::%s)', left(function, length(function) - strpos(reverse(function), '(')), token,
                            left(right(function, strpos(reverse(function), '(') - 1), -1))
                ELSE function || '()' END
$$;
COMMENT ON FUNCTION @extschema@.ticket_function_call(text, text) IS 'A call of the function that makes tokens';

-- How many digits the new UUIDs of a batch have in common, their first ones (lead.rs).
CREATE FUNCTION @extschema@.ticket_lead_digits(tickets bigint) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT least(4, length(to_hex(greatest(tickets / 2048, 1))) - 1) $$;
COMMENT ON FUNCTION @extschema@.ticket_lead_digits(bigint) IS 'How many digits the new UUIDs of a batch have in common';

-- Those digits are drawn by a subquery, once in a statement (for each partition before PostgreSQL 14): its text, which
-- may be logged, has no part of a token.
CREATE FUNCTION @extschema@.ticket_new_uuid(digits integer) RETURNS text
LANGUAGE sql IMMUTABLE
AS $body$
    SELECT CASE digits WHEN 0 THEN 'pg_catalog.gen_random_uuid()' ELSE format(
        $q$((SELECT pg_catalog.left(pg_catalog.gen_random_uuid()::pg_catalog.text, %1$s)) OPERATOR(pg_catalog.||)
            pg_catalog.right(pg_catalog.gen_random_uuid()::pg_catalog.text, -%1$s))::pg_catalog.uuid$q$, digits) END
$body$;
COMMENT ON FUNCTION @extschema@.ticket_new_uuid(integer) IS 'The expression for a new UUID';

-- The expression for a new token in the statement of a batch.
CREATE FUNCTION @extschema@.ticket_new_token(context jsonb, run jsonb) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    parts jsonb := @extschema@.ticket_format(run ->> 'token_format');
    kind text := context ->> 'kind';
    fresh text;
BEGIN
    IF parts ? 'function' THEN
        RETURN format('@extschema@.ticket_made(%s, %s::%s)', context ->> 'token_bytes',
            @extschema@.ticket_function_call(
            parts ->> 'function', context ->> 'token_bytes'), context ->> 'bytes_type');
    ELSIF parts ? 'uuid' THEN
        fresh := @extschema@.ticket_new_uuid(CASE WHEN parts ? 'independent' THEN 0
            ELSE @extschema@.ticket_lead_digits((run ->> 'tickets_planned')::bigint) END);
        RETURN format(CASE kind WHEN 'uuid' THEN '%s' WHEN 'text' THEN '%s::pg_catalog.text'
                                ELSE 'pg_catalog.uuid_send(%s)' END, fresh);
    ELSIF parts ? 'bytes' THEN
        RETURN format('@extschema@.ticket_new_bytes(%s)', parts ->> 'bytes');
    END IF;
    fresh := format('@extschema@.ticket_new_text(%L::pg_catalog.jsonb)', parts -> 'fields');
    IF kind = 'bytea' THEN
        RETURN format('pg_catalog.convert_to(%s, pg_catalog.getdatabaseencoding())', fresh);
    ELSIF @extschema@.ticket_crowd(context, run) IS NOT NULL THEN
        RETURN format('coalesce(($5)[pg_catalog.row_number() OVER ()], %s)', fresh);
    END IF;
    RETURN fresh;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_new_token(jsonb, jsonb) IS 'The expression for a new token';

-- Short codes, where a new one may be taken: a batch in a million may meet with one, and is repeated then (crowd.rs).
CREATE FUNCTION @extschema@.ticket_crowd(context jsonb, run jsonb) RETURNS jsonb
LANGUAGE sql
AS $$
    SELECT jsonb_build_object('codes:.0', round(codes::numeric), ':.2', round((100.0 * tickets / codes)::numeric, 2),
                              'format', run ->> 'token_format')
    FROM (SELECT 2 ^ @extschema@.ticket_bits(run ->> 'token_format', (context ->> 'folds_case')::boolean) AS codes,
                 (run ->> 'tickets_planned')::float8 AS tickets) AS crowd
    WHERE (context ->> 'is_unique')::boolean AND tickets ^ 2 / codes > 1e-6
$$;
COMMENT ON FUNCTION @extschema@.ticket_crowd(jsonb, jsonb) IS 'How crowded the tokens of a format are, where that matters';

-- Of about so many new tokens those that no ticket has. Two sessions may draw the same one, and one of them repeats
-- its batch.
CREATE FUNCTION @extschema@.ticket_free_tokens(context jsonb, run jsonb, wanted bigint) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    drawn text[];
    free text[];
BEGIN
    IF context ->> 'kind' <> 'text' OR @extschema@.ticket_crowd(context, run) IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT array_agg(DISTINCT @extschema@.ticket_new_text(parts -> 'fields')) INTO drawn
    FROM generate_series(1, wanted + wanted / 8 + 16), @extschema@.ticket_format(run ->> 'token_format') AS parts;
    EXECUTE replace(@extschema@.ticket_fill(format('SELECT array_agg(token) FROM (%s) AS free', $q$
@include src/queries/free_tokens.sql@
$q$), context), '$1', '$1::text[]') INTO free USING drawn;
    RETURN coalesce(free, '{}');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_free_tokens(jsonb, jsonb, bigint) IS 'New tokens that no ticket has, where they are short';
