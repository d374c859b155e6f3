-- $1 is the longest wait in milliseconds, by default half of deadlock_timeout. A lock_timeout that is shorter stays;
-- 0 stands for none.
WITH own AS MATERIALIZED (
    SELECT current_setting('lock_timeout') AS setting,
           (extract(epoch FROM current_setting('lock_timeout')::interval) * 1000)::bigint AS milliseconds,
           coalesce($1, extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500)::bigint AS longest
)
SELECT setting, longest, set_config('lock_timeout', least(nullif(milliseconds, 0), longest)::text, true) FROM own
