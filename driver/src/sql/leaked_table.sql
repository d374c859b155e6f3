-- It goes with the transaction, which is rolled back.
CREATE TEMPORARY TABLE leaked_token (token pg_catalog.@type@)
