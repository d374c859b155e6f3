-- Leaves the part below $3 to other calls and returns with the part from there on
WITH lower_part AS (
    UPDATE @extschema@.ticket_rotation_range SET last_id = $3 - 1 WHERE run_id = $1 AND first_id = $2
)
INSERT INTO @extschema@.ticket_rotation_range (run_id, first_id, last_id) VALUES ($1, $3, $4)
