-- The extension's batch in plain PL/pgSQL, for a table without tickets in flight.
CREATE OR REPLACE FUNCTION rotate_ticket_tokens(
    after_id bigint, batch integer, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    run bigint;
    part ticket_rotation_range;
    next_id bigint;
    before bigint;
    tickets bigint[];
    retired bigint[];
    written bigint;
    reached bigint;
    started_at timestamptz := clock_timestamp();
BEGIN
    LOOP
        SELECT run_id INTO run FROM ticket_rotation WHERE state = 'active';
        EXIT WHEN NOT FOUND;

        SELECT * INTO part FROM ticket_rotation_range WHERE run_id = run AND rotated_at IS NULL
        ORDER BY first_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            PERFORM FROM ticket_rotation_range WHERE run_id = run AND rotated_at IS NULL
            ORDER BY first_id LIMIT 1 FOR NO KEY UPDATE;
            CONTINUE WHEN FOUND OR EXISTS (
                SELECT FROM ticket_rotation_range WHERE run_id = run AND rotated_at IS NULL);
            UPDATE ticket_rotation SET state = 'finished', finished_at = clock_timestamp()
            WHERE run_id = run AND state = 'active';
            EXIT;
        END IF;
        SELECT coalesce(max(last_id) + 1, part.first_id), coalesce(max(range_tickets), 0) INTO next_id, before
        FROM ticket_rotation_batch
        WHERE run_id = run AND last_id BETWEEN part.first_id AND part.last_id;

        SELECT array_agg(id), array_agg(ticket_token_digest(token)) INTO tickets, retired FROM (
            SELECT id, token FROM ticket WHERE id >= next_id AND id <= part.last_id
            ORDER BY id LIMIT batch
        ) AS next;
        IF tickets IS NULL THEN
            INSERT INTO ticket_rotation_batch
                (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, started_at)
            SELECT run, 0, next_id, part.last_id, 0, before, '{}', '{}', started_at WHERE next_id <= part.last_id;
            UPDATE ticket_rotation_range SET rotated_at = clock_timestamp(), swept_at = clock_timestamp()
            WHERE run_id = run AND first_id = part.first_id;
            CONTINUE;
        END IF;

        WITH written AS (
            UPDATE ticket SET token = new_ticket_token() WHERE id = ANY (tickets) RETURNING id
        )
        SELECT count(*), max(id) INTO written, reached FROM written;
        IF EXISTS (SELECT FROM ticket WHERE id = ANY (tickets) AND xmin <> pg_current_xact_id()::xid) THEN
            RAISE 'tickets were left as they are' USING ERRCODE = 'triggered_data_change_violation';
        END IF;
        INSERT INTO ticket_rotation_batch
            (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, started_at)
        VALUES (run, 0, next_id, reached, written, before + written, tickets, retired, started_at);
        RETURN reached;
    END LOOP;
    RETURN NULL;
END
$$;
