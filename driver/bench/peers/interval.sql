-- By intervals of ids, which suits a table without gaps.
DO $$
DECLARE
    last_id bigint := 0;
    upper_id bigint := (SELECT max(id) FROM ticket);
BEGIN
    WHILE last_id < upper_id LOOP
        UPDATE ticket SET token = gen_random_uuid() WHERE id > last_id AND id <= last_id + 5000;
        last_id := last_id + 5000;
        COMMIT;
    END LOOP;
END
$$;
