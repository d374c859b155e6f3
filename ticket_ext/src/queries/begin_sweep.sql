-- Whatever was written by a transaction below this id was there when the sweep began
UPDATE @extschema@.ticket_rotation SET sweep_horizon = pg_snapshot_xmin(pg_current_snapshot())
WHERE run_id = $1 AND sweep_horizon IS NULL
RETURNING run_id
