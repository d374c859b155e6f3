-- The extension's batch in plain PL/pgSQL, for a table without tickets in flight.
CREATE OR REPLACE FUNCTION rotate_ticket_tokens(
    after_id bigint, batch integer, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    run ticket_rotation;
    part ticket_rotation_range;
    sweep_number integer;
    next_id bigint;
    before bigint;
    ids bigint[];
    written bigint[];
    retired bigint[];
    reached bigint;
    claimed_at timestamptz;
BEGIN
    LOOP
        SELECT * INTO run FROM ticket_rotation WHERE state = 'active';
        EXIT WHEN NOT FOUND;
        LOCK TABLE ticket IN ROW EXCLUSIVE MODE;
        IF coalesce(target, to_regclass('ticket')) <> run.target OR to_regclass('ticket') <> run.target THEN
            RAISE 'another table is called ticket' USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;

        SELECT * INTO part FROM ticket_rotation_range WHERE run_id = run.run_id AND rotated_at IS NULL
        ORDER BY first_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            SELECT * INTO part FROM ticket_rotation_range WHERE run_id = run.run_id AND rotated_at IS NULL
            ORDER BY first_id LIMIT 1 FOR NO KEY UPDATE;
            CONTINUE WHEN NOT FOUND AND EXISTS (
                SELECT FROM ticket_rotation_range WHERE run_id = run.run_id AND rotated_at IS NULL);
        END IF;
        sweep_number := 0;
        IF part.run_id IS NULL THEN
            SELECT * INTO part FROM ticket_rotation_range WHERE run_id = run.run_id AND swept_at IS NULL
            ORDER BY first_id LIMIT 1 FOR NO KEY UPDATE;
            sweep_number := 1;
        END IF;
        claimed_at := clock_timestamp();
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM ticket_rotation WHERE run_id = run.run_id AND state = 'active');
        IF part.run_id IS NULL THEN
            CONTINUE WHEN EXISTS (SELECT FROM ticket_rotation_range WHERE run_id = run.run_id AND swept_at IS NULL);
            UPDATE ticket_rotation SET state = 'finished', finished_at = clock_timestamp()
            WHERE run_id = run.run_id AND state = 'active';
            EXIT;
        END IF;

        SELECT coalesce(max(last_id) + 1, part.first_id), coalesce(max(range_tickets), 0) INTO next_id, before
        FROM ticket_rotation_batch
        WHERE run_id = run.run_id AND sweep = sweep_number AND last_id BETWEEN part.first_id AND part.last_id;

        IF sweep_number = 0 THEN
            SELECT array_agg(id) INTO ids FROM (
                SELECT id FROM ticket WHERE id >= next_id AND id <= part.last_id
                ORDER BY id LIMIT batch
            ) AS next;
        ELSE
            WITH entry AS MATERIALIZED (
                SELECT key, digest FROM ticket_rotation_batch, unnest(keys, digests) AS entry (key, digest)
                WHERE run_id = run.run_id
            )
            SELECT array_agg(id) INTO ids FROM (
                SELECT id FROM ticket
                WHERE id BETWEEN next_id AND part.last_id
                  AND (id NOT IN (SELECT key FROM entry)
                       OR (id, ticket_token_digest(token)) IN (SELECT key, digest FROM entry))
                ORDER BY id
                FETCH FIRST batch ROWS ONLY
            ) AS due;
        END IF;
        IF ids IS NULL THEN
            IF sweep_number = 0 THEN
                INSERT INTO ticket_rotation_batch
                    (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, started_at)
                SELECT run.run_id, 0, next_id, part.last_id, 0, before, '{}', '{}', claimed_at
                WHERE next_id <= part.last_id;
                UPDATE ticket_rotation_range SET rotated_at = clock_timestamp()
                WHERE run_id = run.run_id AND first_id = part.first_id;
            ELSE
                UPDATE ticket_rotation_range SET swept_at = clock_timestamp()
                WHERE run_id = run.run_id AND first_id = part.first_id;
            END IF;
            CONTINUE;
        END IF;

        WITH old AS (
            SELECT id, ticket_token_digest(token) AS digest FROM ticket WHERE id = ANY (ids) FOR UPDATE
        ), written AS (
            UPDATE ticket SET token = new_ticket_token() FROM old WHERE ticket.id = old.id
            RETURNING ticket.id, old.digest
        )
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(array_agg(digest ORDER BY id), '{}'), max(id)
        INTO written, retired, reached FROM written;
        IF EXISTS (SELECT FROM ticket WHERE id = ANY (ids) AND xmin <> pg_current_xact_id()::xid) THEN
            RAISE 'tickets were left as they are' USING ERRCODE = 'triggered_data_change_violation';
        END IF;
        reached := coalesce(reached, ids[cardinality(ids)]);
        INSERT INTO ticket_rotation_batch
            (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, started_at)
        VALUES (run.run_id, sweep_number, next_id, reached, cardinality(written), before + cardinality(written),
                written, retired, claimed_at);
        RETURN reached;
    END LOOP;
    RETURN NULL;
END
$$;
