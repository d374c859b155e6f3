-- Whether a batch of the run ran while transactions older than it were in progress
SELECT EXISTS (SELECT FROM @extschema@.ticket_rotation_batch WHERE run_id = $1 AND ids IS NOT NULL)
