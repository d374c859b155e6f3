-- Whether the transaction ids that run $1 knows are of this cluster
SELECT run.system_identifier = control.system_identifier
FROM @extschema@.ticket_rotation AS run, pg_control_system() AS control
WHERE run_id = $1
