-- For a transaction that looks for leaked tokens: it takes one view of live and retired tokens and only reads, nothing
-- of the session's search_path runs, and what is listed is hashed in memory, so that no temporary file is written.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;

-- A slow statement is logged with its parameters. Only a superuser may leave them out.
SELECT set_config('log_parameter_max_length', '0', true) FROM pg_roles WHERE rolname = current_user AND rolsuper;
