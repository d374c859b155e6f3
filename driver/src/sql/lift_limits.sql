-- For this transaction alone, so that a pooler's next client has its own limits again. A statement cannot lift the
-- limit that it runs under. PostgreSQL 17 brought the last one. Not from pg_settings: where work_mem is small, reading
-- that writes a temporary file.
SELECT pg_catalog.set_config(name, '0', true)
FROM pg_catalog.unnest(
    ARRAY['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout']) AS time_limit (name)
WHERE pg_catalog.current_setting(name, true) IS NOT NULL
