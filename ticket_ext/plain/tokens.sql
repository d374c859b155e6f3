-- Tokens, their digests and ids. These run within the UPDATE of a batch, by the caller's search_path: all names are
-- qualified, and the bodies are simple enough for the planner to put them in place of the call.

CREATE FUNCTION @extschema@.new_ticket_token() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

-- The bytes of a digest: as an integer they take 0.2 us more.
CREATE FUNCTION @extschema@.ticket_token_hash(token bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT pg_catalog.substr(pg_catalog.sha256($1), 1, 8) $$;
COMMENT ON FUNCTION @extschema@.ticket_token_hash(bytea) IS 'The digest of a token in bytes';

CREATE FUNCTION @extschema@.ticket_token_hash(token uuid) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.ticket_token_hash(pg_catalog.uuid_send($1)) $$;
COMMENT ON FUNCTION @extschema@.ticket_token_hash(uuid) IS 'The digest of a token in bytes';

-- The bytes as they are stored: of all conversions only that of escapes is the same under every setting.
CREATE FUNCTION @extschema@.ticket_token_hash(token text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT @extschema@.ticket_token_hash(
        pg_catalog.decode(pg_catalog.replace($1 COLLATE pg_catalog."C", E'\\', E'\\\\'), 'escape'))
$$;
COMMENT ON FUNCTION @extschema@.ticket_token_hash(text) IS 'The digest of a token in bytes';

CREATE FUNCTION @extschema@.ticket_digest(hash bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT ('x' OPERATOR(pg_catalog.||) pg_catalog.encode($1, 'hex'))::pg_catalog.bit(64)::pg_catalog.int8
$$;
COMMENT ON FUNCTION @extschema@.ticket_digest(bytea) IS 'A digest in bytes as the ledger has it';

CREATE FUNCTION @extschema@.ticket_token_digest(token bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.ticket_digest(@extschema@.ticket_token_hash($1)) $$;

CREATE FUNCTION @extschema@.ticket_token_digest(token uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.ticket_digest(@extschema@.ticket_token_hash($1)) $$;

CREATE FUNCTION @extschema@.ticket_token_digest(token text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.ticket_digest(@extschema@.ticket_token_hash($1)) $$;

CREATE FUNCTION @extschema@.ticket_key(key uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT (('x' OPERATOR(pg_catalog.||) pg_catalog.encode(pg_catalog.substr(pg_catalog.uuid_send($1), 1, 8), 'hex'))
            ::pg_catalog.bit(64) OPERATOR(pg_catalog.>>) 1)::pg_catalog.int8
$$;

-- As texts, whatever the type of the keys: the lowest and the highest key that an interval of ids can hold.
CREATE FUNCTION @extschema@.ticket_bounds(is_uuid boolean, first_id bigint, last_id bigint) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN NOT is_uuid THEN ARRAY[first_id::text, last_id::text]
        WHEN last_id < 0 THEN ARRAY[repeat('f', 32), repeat('0', 32)]
        ELSE ARRAY[lpad(to_hex(greatest(first_id, 0) << 1), 16, '0') || repeat('0', 16),
                   lpad(to_hex(last_id << 1 | 1), 16, '0') || repeat('f', 16)]
    END
$$;
COMMENT ON FUNCTION @extschema@.ticket_bounds(boolean, bigint, bigint) IS 'The lowest and the highest key that an interval of ids can hold';
