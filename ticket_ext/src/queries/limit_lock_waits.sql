-- $1 is the longest wait in milliseconds. A lock_timeout that is shorter stays; 0 stands for none.
WITH own AS MATERIALIZED (
    SELECT current_setting('lock_timeout') AS setting,
           (extract(epoch FROM current_setting('lock_timeout')::interval) * 1000)::bigint AS milliseconds
)
SELECT setting, set_config('lock_timeout', least(nullif(milliseconds, 0), $1)::text, true) FROM own
