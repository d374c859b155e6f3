-- Tickets with gaps between their ids, and a wide one in the middle. Their rows lie in no order of the ids.
CREATE TABLE ticket (
    id bigint PRIMARY KEY,
    token uuid NOT NULL {unique} DEFAULT gen_random_uuid(),
    note text NOT NULL DEFAULT '',
    other uuid NOT NULL DEFAULT gen_random_uuid()
) {partitioned};
{partitions}
INSERT INTO ticket (id)
SELECT g * 10 + CASE WHEN g > {tickets} / 2 THEN {wide_gap} ELSE 0 END
FROM generate_series(1, {tickets}) AS g
ORDER BY hashint8(g);
ANALYZE ticket;

CREATE TABLE leaked (id bigint PRIMARY KEY, token uuid NOT NULL);
INSERT INTO leaked SELECT id, token FROM ticket;

-- What no run is about: another table and another column that take over the names for a while.
CREATE TABLE decoy (LIKE ticket INCLUDING ALL);
INSERT INTO decoy (id, token, other) SELECT id, gen_random_uuid(), other FROM ticket WHERE id % 100 = 0;
CREATE TABLE decoy_copy AS SELECT id, token FROM decoy;
CREATE TABLE other_copy AS SELECT id, other FROM ticket;

-- Each batch rests before its tickets are written and again before its ledger row, so that faults meet it there.
CREATE TABLE pace (milliseconds integer);
INSERT INTO pace VALUES ({milliseconds});
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN PERFORM pg_sleep(random() * 2 * milliseconds / 1000.0) FROM public.pace; RETURN NULL; END';
CREATE TRIGGER rest BEFORE UPDATE OF token ON ticket EXECUTE FUNCTION rest();
CREATE TRIGGER rest BEFORE INSERT ON ticket_rotation_batch EXECUTE FUNCTION rest();
CREATE INDEX ON ticket_rotation_batch (finished_at);
CREATE INDEX ON ticket_rotation_batch (transaction_id);

CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION keep_token() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.token := OLD.token; RETURN NEW; END';
CREATE POLICY a_third ON ticket USING (id % 3 = 0);
