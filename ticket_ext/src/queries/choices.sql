-- What was chosen for the newest run of table $1 and its column $2. A table that was restored has other numbers.
SELECT CASE WHEN target::oid = target_oid THEN key_number
            ELSE (SELECT attnum FROM pg_attribute WHERE attrelid = $1 AND attname = key_column AND NOT attisdropped)
       END AS key_number,
       fill_null
FROM @extschema@.ticket_rotation
LEFT JOIN pg_attribute AS token ON token.attrelid = $1 AND token.attname = $2 AND NOT token.attisdropped
WHERE target = $1::regclass AND (token_number = token.attnum OR token_column = $2)
ORDER BY run_id DESC
LIMIT 1
