-- Where a batch starts and ends is no reason for another plan, and to plan its UPDATE takes as long as several tickets.
-- To compile the one scan of a sweep would cost the session 10 MB for good.
ALTER FUNCTION rotate_ticket_tokens(bigint, integer, regclass, name)
    SET plan_cache_mode = force_generic_plan
    SET jit = off;
