-- Whether this is a standby, and whether sessions like this one may write at all.
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool AS read_only
