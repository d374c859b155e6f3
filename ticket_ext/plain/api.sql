-- The functions that people call, as the extension has them. Each hands the search_path of its caller on, by which the
-- table of a setting is looked up and the triggers of the target run.

CREATE FUNCTION @extschema@.rotate_ticket_tokens(
    after_id bigint, batch integer, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_rotate($1, $2, $3, $4, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.start_ticket_rotation(
    target regclass DEFAULT NULL, token_column name DEFAULT NULL, ranges integer DEFAULT NULL,
        key_column name DEFAULT NULL,
    format text DEFAULT NULL, fill_null boolean DEFAULT false, force boolean DEFAULT false
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_start($1, $2, $3, $4, $5, $6, $7, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.pause_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT @extschema@.ticket_change_state($1, $2, pg_catalog.current_setting('search_path'), 'paused',
        '{active,paused}')
$$;

CREATE FUNCTION @extschema@.resume_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT @extschema@.ticket_change_state($1, $2, pg_catalog.current_setting('search_path'), 'active',
        '{active,paused}')
$$;

CREATE FUNCTION @extschema@.cancel_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT @extschema@.ticket_change_state(
        $1, $2, pg_catalog.current_setting('search_path'), 'cancelled', '{active,paused,cancelled}')
$$;

CREATE FUNCTION @extschema@.sweep_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_reopen($1, $2, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.tune_ticket_rotation(
    batch_time interval DEFAULT NULL, nice double precision DEFAULT NULL, workers integer DEFAULT NULL,
    target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_tune($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.note_ticket_rotation_wait(
    waiting_for text, target regclass DEFAULT NULL, token_column name DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_note_wait($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.forget_ticket_rotation(run_id bigint) RETURNS bigint
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_forget($1) $$;

CREATE FUNCTION @extschema@.verify_ticket_rotation(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS TABLE (
    run_id bigint, state text, verified boolean, started_at timestamptz, finished_at timestamptz,
    tickets_rotated bigint, tickets_swept bigint, ledger_gaps bigint, old_tokens bigint, old_token_keys text[],
    not_rotated bigint, not_rotated_keys text[], created_since bigint, without_token bigint, duplicate_tokens bigint
)
LANGUAGE sql
AS $$ SELECT * FROM @extschema@.ticket_verify($1, $2, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.trace_ticket_token(token text, target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS TABLE (state text, key text, run_id bigint, retired_at timestamptz)
LANGUAGE sql
AS $$
    SELECT * FROM @extschema@.ticket_trace_token($1, $2, $3,
        pg_catalog.current_setting('search_path')) WHERE $1 IS NOT NULL
    UNION ALL
    SELECT 'unknown', NULL, NULL, NULL WHERE $1 IS NULL
$$;

CREATE FUNCTION @extschema@.trace_ticket_digests(digests bigint[], target regclass DEFAULT NULL,
    token_column name DEFAULT NULL)
RETURNS TABLE (digest bigint, run_id bigint, key text, retired_at timestamptz)
LANGUAGE sql
AS $$ SELECT * FROM @extschema@.ticket_trace_digests($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.guard_ticket_tokens(
    target regclass DEFAULT NULL, token_column name DEFAULT NULL, action text DEFAULT 'keep'
) RETURNS boolean
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_put_guard_on($1, $2, $3, pg_catalog.current_setting('search_path')) $$;

CREATE FUNCTION @extschema@.unguard_ticket_tokens(target regclass DEFAULT NULL, token_column name DEFAULT NULL)
RETURNS boolean
LANGUAGE sql
AS $$ SELECT @extschema@.ticket_take_guard_off($1, $2, pg_catalog.current_setting('search_path')) $$;
