-- Tickets, every token that one of them ever had, and how often the application has counted one up.
CREATE TABLE ticket (id bigint @key@, number integer, token uuid NOT NULL, counted integer NOT NULL DEFAULT 0);
CREATE INDEX ON ticket (id);
CREATE INDEX ON ticket (number);
INSERT INTO ticket SELECT @id@, i, gen_random_uuid() FROM generate_series(1, 2000) AS i;
CREATE TABLE leaked AS SELECT number, token FROM ticket;
CREATE TABLE known AS SELECT id, token FROM ticket;
CREATE TABLE counts (tickets bigint);

-- A transaction of the application: it counts tickets up, gives them other tokens, and writes old ones back.
CREATE FUNCTION work() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next integer := 1 + floor(random() * 2000);
    made uuid;
    tickets bigint;
BEGIN
    FOR i IN 1..3 LOOP
        next := next + 1 + floor(random() * 20);
        IF random() < 0.4 THEN
            UPDATE ticket SET counted = counted + 1 WHERE number = next;
            GET DIAGNOSTICS tickets = ROW_COUNT;
            INSERT INTO counts VALUES (tickets);
        ELSIF random() < 0.8 THEN
            made := gen_random_uuid();
            INSERT INTO known SELECT id, made FROM ticket WHERE number = next;
            UPDATE ticket SET token = made WHERE number = next;
        ELSE
            UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.number = next AND ticket.number = next;
        END IF;
        PERFORM pg_sleep(random() * 0.005);
    END LOOP;
END
$$;
