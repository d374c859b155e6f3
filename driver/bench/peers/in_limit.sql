-- As most blog posts have it: the ids of the next batch, looked up in a subquery.
DO $$
DECLARE
    last_id bigint := 0;
BEGIN
    LOOP
        WITH batch AS (
            UPDATE ticket SET token = gen_random_uuid()
            WHERE id IN (SELECT id FROM ticket WHERE id > last_id ORDER BY id LIMIT 5000)
            RETURNING id
        )
        SELECT max(id) INTO last_id FROM batch;
        EXIT WHEN last_id IS NULL;
        COMMIT;
    END LOOP;
END
$$;
