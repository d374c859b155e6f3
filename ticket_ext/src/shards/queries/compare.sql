-- Whether run $3 is the newest one of table $1 and its column $2, with $4 batches
SELECT (SELECT max(run_id) FROM @extschema@.ticket_rotation WHERE target::oid = $1 AND token_column = $2) = $3
       AND (SELECT count(*) FROM @extschema@.ticket_rotation_batch WHERE run_id = $3) = $4
