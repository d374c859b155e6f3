-- Whether a run of the shards of table $1, its column $2, is unfinished
SELECT EXISTS (SELECT FROM @extschema@.ticket_rotation_shards
               WHERE target::oid = $1 AND token_column = $2 AND finished_at IS NULL)
