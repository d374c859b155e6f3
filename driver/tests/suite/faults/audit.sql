-- The audit of a campaign: also which token each ticket lost, and apart from the rotation what the application writes.
ALTER TABLE rotated ADD lost bigint;
-- A call rotates the tickets of one run, though it may also end a range of an older one.
CREATE VIEW rotated_in_run AS
    SELECT run_id, transaction_id, id
    FROM rotated JOIN (SELECT DISTINCT run_id, transaction_id FROM ticket_rotation_batch WHERE tickets > 0) AS batch
        USING (transaction_id);
CREATE TABLE rewritten (id bigint, transaction_id xid8 DEFAULT pg_current_xact_id());
CREATE INDEX ON rewritten (id);
CREATE TABLE unverified (
    seen_at timestamptz DEFAULT clock_timestamp(), run_id bigint, ledger_gaps bigint, old_token_keys text[],
    not_rotated_keys text[]
);
CREATE TABLE decoy_rewritten (id bigint);
CREATE FUNCTION write_down_of_decoy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('campaign.application', true) = 'on' THEN
        INSERT INTO public.decoy_rewritten SELECT id FROM after;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER UPDATE ON decoy REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION write_down_of_decoy();
CREATE OR REPLACE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('campaign.application', true) = 'on' THEN
        INSERT INTO public.rewritten SELECT id FROM before JOIN after USING (id)
            WHERE before.token IS DISTINCT FROM after.token;
    ELSE
        INSERT INTO public.rotated (id, lost) SELECT id, {schema}.ticket_token_digest(before.token)
            FROM before JOIN after USING (id) WHERE before.token IS DISTINCT FROM after.token;
    END IF;
    RETURN NULL;
END
$$;
