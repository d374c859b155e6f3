WITH survivor AS MATERIALIZED (
    SELECT @id@::bigint AS id FROM @table@ WHERE @token@ IN (SELECT token FROM pg_temp.leaked_token)
)
SELECT (SELECT count(*) FROM pg_temp.leaked_token) AS tokens,
       (SELECT count(*) FROM survivor) AS survivors,
       ARRAY(SELECT id FROM survivor ORDER BY id LIMIT 10) AS ids
