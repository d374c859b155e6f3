-- Whether the transaction ids that run $1 knows are of this cluster
SELECT coalesce(run.system_identifier = here.system_identifier, run.ledger_identity = here.ledger_identity)
FROM @extschema@.ticket_rotation AS run, @extschema@.ticket_cluster() AS here
WHERE run_id = $1
