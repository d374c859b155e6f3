-- Where transaction ids are at home: those that a run has noted tell nothing in another cluster, nor beside a ledger
-- that was restored. Some managed servers refuse the identifier of the cluster. There the ledger's own numbers stand
-- for it: oids and the transaction that made its key, which a restore makes anew.

CREATE FUNCTION @extschema@.ticket_cluster(OUT system_identifier bigint, OUT ledger_identity text)
LANGUAGE plpgsql STABLE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    SELECT concat_ws('/', database.oid, made.oid, made.xmin)
    INTO STRICT ledger_identity
    FROM pg_database AS database, pg_constraint AS made
    WHERE datname = current_database() AND contype = 'p' AND conrelid = '@extschema@.ticket_rotation'::regclass;
    system_identifier := control.system_identifier FROM pg_control_system() AS control;
EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    NULL;
END
$$;

COMMENT ON FUNCTION @extschema@.ticket_cluster() IS
    'The cluster that transaction ids belong to, as the server tells it, and the ledger in it';
REVOKE EXECUTE ON FUNCTION @extschema@.ticket_cluster() FROM PUBLIC;
