-- The loop with a COMMIT after each batch, for psql and pg_cron.

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
BEGIN
    WHILE @extschema@.rotate_ticket_tokens(NULL, batch, target, token_column) IS NOT NULL LOOP
        COMMIT;
        EXIT WHEN clock_timestamp() >= deadline;
    END LOOP;
END
$$;
