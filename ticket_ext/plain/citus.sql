-- Tables that Citus keeps: rotated from the coordinator, by statements that it takes (citus_table.rs, citus/*.rs). No
-- function of this edition is asked of the other nodes: what they send is worked on here.

-- How Citus keeps a table, of whose catalog no function may know before it is there. NULL: it does not.
CREATE FUNCTION @extschema@.ticket_citus_kept(relation oid) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    kept record;
BEGIN
    EXECUTE $q$
@include src/citus/queries/table.sql@
$q$ INTO kept USING relation;
    RETURN CASE WHEN kept.kind IS NOT NULL THEN to_jsonb(kept) END;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_kept(oid) IS 'How Citus keeps a table';

-- Before anything is changed.
CREATE FUNCTION @extschema@.ticket_citus_check(context jsonb, looked jsonb, kept jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    is_shard boolean;
    fault text[];
BEGIN
    IF NOT (kept ->> 'on_coordinator')::boolean THEN
        PERFORM @extschema@.ticket_refuse('NotOnCoordinator', context);
    END IF;
    fault := CASE
        WHEN kept IS NULL THEN NULL
        WHEN kept ->> 'kind' = 'other'
        THEN ARRAY['it is not distributed by hash', 'A batch is an interval of keys of all shards.',
                   'Distribute it by hash.']
        WHEN (kept ->> 'is_replicated')::boolean
        THEN ARRAY['its shards are replicated by statements',
                   'Copies of a shard may get different tokens when a node fails.',
                   'Set citus.shard_replication_factor to 1 and distribute it anew.']
        WHEN (kept ->> 'is_in_one_place')::boolean
        THEN ARRAY['its only shard is on another node',
                   'Citus commits on that node before the ledger row commits here: after a crash in between, its '
                   'tickets would be rotated twice.',
                   format('SELECT undistribute_table(''%s'');', replace(context ->> 'table', '''', ''''''))]
        WHEN (looked ->> 'has_triggers')::boolean
        THEN ARRAY['triggers fire on its updates',
                   'They fire on the nodes, where a batch cannot see what they do to the tokens.',
                   looked ->> 'disable_triggers']
    END;
    IF fault IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('CitusUnfit', context || jsonb_build_object(
            'fault', fault[1], 'detail', fault[2], 'remedy', fault[3]));
    END IF;
    EXECUTE $q$
@include src/shards/queries/is_shard.sql@
$q$ INTO is_shard USING (context ->> 'oid')::oid;
    -- One that Citus hides from this query is one.
    IF is_shard IS DISTINCT FROM false THEN
        PERFORM @extschema@.ticket_refuse('ShardByHand', context);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_check(jsonb, jsonb, jsonb) IS 'Refuses what cannot be rotated through Citus';

CREATE FUNCTION @extschema@.ticket_citus_rows(statement text, first text, second text) RETURNS SETOF record
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE statement USING first, second;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_rows(text, text, text) IS 'The rows of a statement, for a query that Citus does not see';

-- The context of a statement that reads tickets of an interval, or with some keys. Of a table that Citus keeps, keys
-- and tokens are fetched, and the statement goes on here.
CREATE FUNCTION @extschema@.ticket_fetched(context jsonb, lists boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    those text := CASE WHEN lists THEN '@key@ = ANY ($1)' ELSE $q$
@include src/queries/those_in.sql@
$q$ END;
    tickets text := replace(replace($q$
@include src/citus/queries/tickets.sql@
$q$, '@those@', those), '@stored_bytes@', '@token_bytes@');
BEGIN
    IF NOT (context ->> 'citus')::boolean THEN
        RETURN context;
    END IF;
    RETURN context || jsonb_build_object('target', format(
        '@extschema@.ticket_citus_rows(%L, $1, $2) AS ticket (%s %s, %s %s)',
        @extschema@.ticket_fill_keys(tickets, context, lists), context ->> 'key', context ->> 'key_type',
        context ->> 'token', context ->> 'bytes_type'));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_fetched(jsonb, boolean) IS 'The context of a statement that reads tickets where it runs';

-- As ticket_interval. Each shard would send as many as are asked for; keys that follow each other closely are found in
-- a part of it.
CREATE FUNCTION @extschema@.ticket_citus_interval(
    context jsonb, first_id bigint, last_id bigint, most bigint, OUT up_to bigint, OUT tickets bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    near bigint := least(last_id::numeric, first_id::numeric + 2 * most);
    reach bigint;
    bounds text[];
BEGIN
    FOREACH reach IN ARRAY CASE WHEN near < last_id THEN ARRAY[near, last_id] ELSE ARRAY[last_id] END LOOP
        bounds := @extschema@.ticket_bounds((context ->> 'is_uuid')::boolean, first_id, reach);
        EXECUTE @extschema@.ticket_fill(format(
            'SELECT max(@id@), count(*) FROM @extschema@.ticket_citus_rows(%L, $1, $2) AS ticket (@key@ @key_type@)',
            @extschema@.ticket_fill_keys(replace($q$
@include src/citus/queries/next.sql@
$q$, '$3', most::text), context)), context) INTO up_to, tickets USING bounds[1], bounds[2];
        EXIT WHEN tickets = most;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_citus_interval(jsonb, bigint, bigint, bigint) IS 'The next tickets of an interval, of all shards';
