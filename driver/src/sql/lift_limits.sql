-- For this transaction alone, so that a pooler's next client has its own limits again. A statement cannot lift the limit
-- that it runs under. PostgreSQL 17 brought the last one.
SELECT pg_catalog.set_config(name, '0', true)
FROM pg_catalog.pg_settings
WHERE name OPERATOR(pg_catalog.=) ANY (
    ARRAY['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'])
