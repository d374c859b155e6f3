-- A batch of a table that Citus keeps: compare and swap (citus/batch.rs, citus/tokens.rs).

-- Tickets by key, as far as they have the tokens that they were found with, and no entry (ids, made) yet.
CREATE FUNCTION @extschema@.ticket_citus_read(
    context jsonb, first text, second text, lists boolean, found_keys text[], found_digests bigint[],
    entered bigint[], made bigint[],
    OUT keys text[], OUT ids bigint[], OUT old bytea[], OUT digests bigint[]
)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE @extschema@.ticket_fill($q$
SELECT array_agg(key::text), array_agg(id), array_agg(old), array_agg(digest)
FROM (SELECT key, id, old, coalesce(@extschema@.ticket_token_digest(old), 0) AS digest
      FROM (SELECT @key_value@ AS key, @id@ AS id, @stored_bytes@ AS old FROM @target@) AS ticket
      ORDER BY key) AS ticket
WHERE ($3 IS NULL OR (key::text, digest) IN (SELECT * FROM unnest($3, $4)))
  AND (id, digest) NOT IN (SELECT * FROM unnest($5, $6))
$q$, @extschema@.ticket_fetched(context, lists) || jsonb_build_object('stored_bytes', format(
        CASE context ->> 'kind' WHEN 'uuid' THEN 'uuid_send(%s)' WHEN 'bytea' THEN '%s'
                                ELSE 'convert_to(%s, getdatabaseencoding())' END, context ->> 'token_bytes')))
    INTO keys, ids, old, digests USING first, second, found_keys, found_digests, entered, made;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_read(jsonb, text, text, boolean, text[], bigint[], bigint[], bigint[]) IS 'Tickets with the bytes of their tokens';

-- By the caller's search_path: nothing is looked up by name.
CREATE FUNCTION @extschema@.ticket_citus_places(
    statement text, keys text[], old bytea[], new text[], first text, last text
) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE statement USING keys, old, new, first, last;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_places(text, text[], bytea[], text[], text, text) IS 'The places in the lists of the tickets that a statement has updated';

-- $1: keys, $2: bytes of tokens, $3: new tokens, $4 and $5: the first and the last key.
CREATE FUNCTION @extschema@.ticket_citus_write(
    context jsonb, run jsonb, statement text, keys text[], ids bigint[], old bytea[], new text[]
) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    bounds text[] := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, ids[1], ids[cardinality(ids)]);
    written record;
BEGIN
    statement := replace(replace(statement, '$1', '$1::@key_type@[]'), '$3', '$3::@bytes_type@[]');
    statement := replace(replace(statement, '$4', '$4::@key_type@'), '$5', '$5::@key_type@');
    written := @extschema@.ticket_execute(context, run, format(
        'SELECT NULL, pg_catalog.array_agg(place), NULL, NULL, NULL
         FROM @extschema@.ticket_citus_places(%L, $6, $7, $5, $1, $2) AS place',
        @extschema@.ticket_fill(statement, context)), bounds[1], bounds[2], new, keys, old);
    RETURN coalesce(written.ids, '{}');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_write(jsonb, jsonb, text, text[], bigint[], bytea[], text[]) IS 'Updates tickets, returns their places in the lists';

-- Waits for those who write to the tickets, and keeps others out.
CREATE FUNCTION @extschema@.ticket_citus_lock(context jsonb, run jsonb, keys text[], ids bigint[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM @extschema@.ticket_citus_write(context, run, replace(replace($q$
@include src/citus/queries/lock.sql@
$q$, '$3', '$5'), '$2', '$4') || ' RETURNING 0::pg_catalog.int8', keys, ids, NULL, '{}');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_lock(jsonb, jsonb, text[], bigint[]) IS 'Locks tickets of several shards';

-- Compare and swap: the tickets (by place) that still had the token which was read, and the digests of all new tokens.
CREATE FUNCTION @extschema@.ticket_citus_swap(
    context jsonb, run jsonb, keys text[], ids bigint[], old bytea[], OUT places bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    tickets bigint := cardinality(keys);
    token text := 'ticket.' || (context ->> 'token_bytes');
    new text[];
    twice bigint;
BEGIN
    EXECUTE format('SELECT array_agg(token::text), array_agg(@extschema@.ticket_token_digest(token))
                    FROM (SELECT %s AS token FROM generate_series(1, $1) OFFSET 0) AS made',
                   @extschema@.ticket_new_token(context, run)) INTO new, made
    USING tickets, NULL::text, NULL::text, NULL::text, @extschema@.ticket_free_tokens(context, run, tickets);
    places := @extschema@.ticket_citus_write(context, run, replace(replace($q$
@include src/citus/queries/rotate.sql@
$q$, '@old@', CASE context ->> 'kind' WHEN 'text' THEN
            'pg_catalog.convert_from(old, pg_catalog.getdatabaseencoding())' ELSE 'old' END),
        '@same@', format(CASE context ->> 'kind'
            WHEN 'uuid' THEN 'pg_catalog.uuid_send(%s) OPERATOR(pg_catalog.=) fresh.old'
            WHEN 'text' THEN '%s OPERATOR(pg_catalog.=) fresh.old COLLATE pg_catalog."C"'
            ELSE '%s OPERATOR(pg_catalog.=) fresh.old' END, token)), keys, ids, old, new);
    twice := (SELECT place FROM unnest(places) AS place GROUP BY place HAVING count(*) > 1 ORDER BY place LIMIT 1);
    IF twice IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('Alike', context || jsonb_build_object('key', keys[twice]));
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_swap(jsonb, jsonb, text[], bigint[], bytea[]) IS 'Gives tickets new tokens if they have those that were read';

-- A batch: what another session has changed between look and update is locked, read and done again. The other nodes
-- commit for good once this one has. If it could lose its commit in a crash, as sessions may choose, tickets would be
-- rotated without their entries, and then once more.
CREATE FUNCTION @extschema@.ticket_citus_rotate(
    context jsonb, run jsonb, first text, second text, lists boolean,
    OUT ids bigint[], OUT digests bigint[], OUT made bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    found_keys text[] := CASE WHEN lists THEN first END;
    found_digests bigint[] := CASE WHEN lists THEN second END;
    read record;
    swapped record;
BEGIN
    EXECUTE $q$
@include src/queries/commit_synchronously.sql@
$q$;
    ids := '{}';
    digests := '{}';
    made := '{}';
    FOR attempt IN 1..2 LOOP
        read := @extschema@.ticket_citus_read(context, first, second, lists, found_keys, found_digests, ids, made);
        EXIT WHEN read.keys IS NULL;
        swapped := @extschema@.ticket_citus_swap(context, run, read.keys, read.ids, read.old);
        SELECT ids || array_agg(id), made || array_agg(fresh), digests || array_agg(
                   CASE WHEN old IS NULL OR context ->> 'kind' = 'text' AND length(old) = 0 THEN NULL ELSE digest END)
        INTO ids, made, digests
        FROM unnest(read.ids, read.old, read.digests, swapped.made) WITH ORDINALITY
             AS ticket (id, old, digest, fresh, place)
        WHERE place = ANY (swapped.places);
        SELECT array_agg(key ORDER BY place), array_agg(id ORDER BY place) INTO read.keys, read.ids
        FROM unnest(read.keys, read.ids) WITH ORDINALITY AS ticket (key, id, place)
        WHERE NOT place = ANY (swapped.places);
        EXIT WHEN read.keys IS NULL;
        IF attempt = 2 THEN
            PERFORM @extschema@.ticket_refuse_kept(context, read.keys);
        END IF;
        PERFORM @extschema@.ticket_citus_lock(context, run, read.keys, read.ids);
        first := read.keys;
        second := '{}';
        lists := true;
    END LOOP;
    SELECT array_agg(id ORDER BY id), array_agg(digest ORDER BY id), array_agg(fresh ORDER BY id)
    INTO ids, digests, made
    FROM unnest(ids, digests, made) AS entry (id, digest, fresh);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_rotate(jsonb, jsonb, text, text, boolean) IS 'Gives tickets of several shards new tokens, returns the entries';
