SELECT EXISTS (
    SELECT FROM @extschema@.ticket_rotation_range WHERE run_id = $1 AND @ended_at@ IS NULL AND last_id >= $2
)
