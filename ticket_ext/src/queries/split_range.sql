-- Leaves the part up to $3 to other calls and returns with the part above it
WITH lower_part AS (
    UPDATE @extschema@.ticket_rotation_range SET upper_id = $3 WHERE run_id = $1 AND after_id = $2
)
INSERT INTO @extschema@.ticket_rotation_range (run_id, after_id, upper_id) VALUES ($1, $3, $4)
