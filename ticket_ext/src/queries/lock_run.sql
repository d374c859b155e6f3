-- No row: another session has ended the run in the meantime
SELECT true FROM @extschema@.ticket_rotation WHERE run_id = $1 AND finished_at IS NULL FOR NO KEY UPDATE
