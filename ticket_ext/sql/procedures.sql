-- The loop with a COMMIT after each batch, for psql and pg_cron. A batch that finds tickets locked for too long
-- is tried again with half its size, for up to five minutes without progress; each success lets it grow back.

CREATE PROCEDURE rotate_all_tickets(
    batch integer DEFAULT 5000,
    max_duration interval DEFAULT NULL,
    target regclass DEFAULT NULL,
    token_column name DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + max_duration;
    waiting_since timestamptz;
    size integer := batch;
    last_id bigint;
BEGIN
    LOOP
        BEGIN
            last_id := @extschema@.rotate_ticket_tokens(NULL, size, target, token_column);
            waiting_since := NULL;
            size := least(batch, size + size / 8 + 1);
        EXCEPTION WHEN lock_not_available THEN
            waiting_since := coalesce(waiting_since, clock_timestamp());
            IF clock_timestamp() > waiting_since + interval '5 minutes' THEN
                RAISE;
            END IF;
            size := greatest(size / 2, least(batch, 50));
            PERFORM pg_sleep(0.1);
        END;
        COMMIT;
        EXIT WHEN last_id IS NULL AND waiting_since IS NULL OR clock_timestamp() >= deadline;
    END LOOP;
END
$$;
