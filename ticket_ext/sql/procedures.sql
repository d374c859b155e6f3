-- The loop with a COMMIT after each batch, for psql and pg_cron. A batch that finds tickets locked for too long, moved
-- to another partition, or a short token taken, is tried again with half its size, for up to five minutes without
-- progress; each success lets it grow back. It runs by its caller's search_path, since a procedure that commits can
-- have none of its own: all names are qualified.

CREATE PROCEDURE @extschema@.rotate_all_tickets(
    batch pg_catalog.int4 DEFAULT 5000,
    max_duration pg_catalog.interval DEFAULT NULL,
    target pg_catalog.regclass DEFAULT NULL,
    token_column pg_catalog.name DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
    deadline pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) max_duration;
    give_up_at pg_catalog.timestamptz;
    size pg_catalog.int8 := batch;
    last_id pg_catalog.int8;
BEGIN
    LOOP
        BEGIN
            last_id := @extschema@.rotate_ticket_tokens(NULL, size::pg_catalog.int4, target, token_column);
            give_up_at := NULL;
            size := least(batch::pg_catalog.int8,
                          size OPERATOR(pg_catalog.+) (size OPERATOR(pg_catalog./) 8::pg_catalog.int8)
                               OPERATOR(pg_catalog.+) 1::pg_catalog.int8);
        EXCEPTION WHEN lock_not_available OR serialization_failure THEN
            give_up_at := coalesce(give_up_at, pg_catalog.clock_timestamp()
                                               OPERATOR(pg_catalog.+) '5 minutes'::pg_catalog.interval);
            IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>) give_up_at THEN
                RAISE;
            END IF;
            size := greatest(size OPERATOR(pg_catalog./) 2::pg_catalog.int8, least(batch, 50)::pg_catalog.int8);
            PERFORM pg_catalog.pg_sleep(0.1::pg_catalog.float8);
        END;
        COMMIT;
        EXIT WHEN last_id IS NULL AND give_up_at IS NULL
               OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) deadline;
    END LOOP;
END
$$;
