-- All runs of table $1 and its column with number $2 or name $3, newest first
SELECT run_id, forgotten_at IS NULL AS has_entries
FROM @extschema@.ticket_rotation
WHERE target::oid = $1 AND (token_number = $2 OR token_column = $3)
ORDER BY run_id DESC
