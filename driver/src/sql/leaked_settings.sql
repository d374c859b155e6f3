-- For a transaction that looks for leaked tokens: nothing of the session's search_path runs, a policy that would hide
-- tickets is an error, and what is listed is hashed in memory, so that no temporary file is written.
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL row_security = off;
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;

-- A slow statement is logged with its parameters. Only a superuser may leave them out.
SELECT set_config('log_parameter_max_length', '0', true) FROM pg_roles WHERE rolname = current_user AND rolsuper;
