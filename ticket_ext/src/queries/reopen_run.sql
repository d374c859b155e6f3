-- Run $1 is active again if it has finished, with its ranges to be swept anew, or if it was cancelled once all of them
-- were rotated, and then its sweep goes on
WITH ended AS (
    SELECT run_id, state, forgotten_at IS NOT NULL AS forgotten
    FROM @extschema@.ticket_rotation
    WHERE run_id = $1
    FOR UPDATE
), reopened AS (
    UPDATE @extschema@.ticket_rotation AS run
    SET state = 'active', finished_at = NULL,
        sweep = CASE WHEN ended.state = 'finished' THEN run.sweep + 1 ELSE run.sweep END
    FROM ended
    WHERE run.run_id = ended.run_id AND NOT forgotten
      AND (ended.state = 'finished'
           OR ended.state = 'cancelled'
              AND NOT EXISTS (SELECT FROM @extschema@.ticket_rotation_range AS range
                              WHERE range.run_id = $1 AND rotated_at IS NULL))
    RETURNING ended.run_id, ended.state
), ranges AS (
    UPDATE @extschema@.ticket_rotation_range AS range SET swept_at = NULL
    FROM reopened
    WHERE range.run_id = reopened.run_id AND reopened.state = 'finished'
)
SELECT forgotten, EXISTS (SELECT FROM reopened) AS reopened FROM ended
