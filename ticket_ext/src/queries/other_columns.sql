-- All columns of table $1 but the one with name $2, each followed by a comma
SELECT string_agg(format('ticket.%I, ', attname), '' ORDER BY attnum)
FROM pg_attribute
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> $2
