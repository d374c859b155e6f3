-- The first batches of a sweep rest for longer, so that faults meet it.
CREATE FUNCTION rest_in_sweep() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN
         PERFORM pg_sleep(0.3) WHERE (SELECT count(*) < 10 FROM {schema}.ticket_rotation_batch WHERE sweep > 0);
         RETURN NEW;
     END';
CREATE TRIGGER rest_in_sweep BEFORE INSERT ON ticket_rotation_batch
    FOR EACH ROW WHEN (NEW.sweep > 0) EXECUTE FUNCTION rest_in_sweep();
