-- Tickets with gaps between their ids, and a wide one in the middle. Their rows lie in no order of the ids.
CREATE TABLE ticket (
    id bigint PRIMARY KEY,
    token uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    note text NOT NULL DEFAULT ''
);
INSERT INTO ticket (id)
SELECT g * 10 + CASE WHEN g > {tickets} / 2 THEN {wide_gap} ELSE 0 END
FROM generate_series(1, {tickets}) AS g
ORDER BY hashint8(g);
ANALYZE ticket;

CREATE TABLE leaked (id bigint PRIMARY KEY, token uuid NOT NULL);
INSERT INTO leaked SELECT id, token FROM ticket;

-- Each batch rests before its tickets are written and again before its ledger row, so that faults meet it there.
CREATE TABLE pace (milliseconds integer);
INSERT INTO pace VALUES ({milliseconds});
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(random() * 2 * milliseconds / 1000.0) FROM public.pace; RETURN NULL; END';
CREATE TRIGGER rest BEFORE UPDATE OF token ON ticket EXECUTE FUNCTION rest();
CREATE TRIGGER rest BEFORE INSERT ON ticket_rotation_batch EXECUTE FUNCTION rest();
CREATE INDEX ON ticket_rotation_batch (finished_at);

-- The sweep rests for longer.
CREATE FUNCTION rest_in_sweep() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
CREATE TRIGGER rest_in_sweep BEFORE INSERT ON ticket_rotation_batch
    FOR EACH ROW WHEN (NEW.sweep > 0) EXECUTE FUNCTION rest_in_sweep();

CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
