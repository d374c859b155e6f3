-- Before a rotation under test: tickets as they were, and batches slow enough to be interrupted.
CREATE TABLE leaked AS SELECT id, token FROM ticket;
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END';
CREATE TRIGGER rest BEFORE UPDATE ON ticket EXECUTE FUNCTION rest();
