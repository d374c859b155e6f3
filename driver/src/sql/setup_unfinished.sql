-- The first run that somebody may want to continue.
SELECT run_id, target_name FROM @schema@.ticket_rotation WHERE finished_at IS NULL ORDER BY run_id LIMIT 1
