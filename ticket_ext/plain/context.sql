-- What all steps of a call share: the session, the target, and what was checked of its table (context.rs, table.rs).

-- Fills in each @name@, in one pass, since a value may hold an @ of its own. This and what else is called with every
-- batch is in PL/pgSQL, which plans once a session: a function in SQL is planned with each call.
CREATE FUNCTION @extschema@.ticket_fill(statement text, context jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    parts text[] := string_to_array(statement, '@');
BEGIN
    FOR place IN 2..cardinality(parts) BY 2 LOOP
        parts[place] := coalesce(context ->> parts[place], parts[place]);
    END LOOP;
    RETURN array_to_string(parts, '');
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_fill(text, jsonb) IS 'A statement with the names of the target filled in';

-- The same, of a statement whose first two arguments are keys, or are lists of keys and of digests: given as texts.
CREATE FUNCTION @extschema@.ticket_fill_keys(statement text, context jsonb, lists boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN @extschema@.ticket_fill(
        replace(replace(statement, '$1', '$1::@key_type@' || CASE WHEN lists THEN '[]' ELSE '' END),
                '$2', CASE WHEN lists THEN '$2::pg_catalog.int8[]' ELSE '$2::@key_type@' END), context);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_fill_keys(text, jsonb, boolean) IS 'The same, of a statement with keys for arguments';

-- A call of one of the functions for this target, to be pasted.
CREATE FUNCTION @extschema@.ticket_call(context jsonb, function text, more text DEFAULT '') RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT format('SELECT %s.%s(%s%s);', '@extschema@'::regnamespace, function, context ->> 'arguments', more) $$;
COMMENT ON FUNCTION @extschema@.ticket_call(jsonb, text, text) IS 'A call to be pasted';

CREATE FUNCTION @extschema@.ticket_session(mode text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    session record;
BEGIN
    SELECT * INTO session FROM (
@include src/queries/session.sql@
    ) AS session;
    IF mode <> 'read' THEN
        IF session.standby THEN
            PERFORM @extschema@.ticket_refuse('Standby');
        ELSIF session.read_only THEN
            PERFORM @extschema@.ticket_refuse('ReadOnly');
        ELSIF session.isolation <> 'read committed' THEN
            PERFORM @extschema@.ticket_refuse('Isolation', jsonb_build_object('level', upper(session.isolation)));
        ELSIF session.replication_role = 'replica' THEN
            PERFORM @extschema@.ticket_refuse('ReplicaRole');
        END IF;
    END IF;
    RETURN to_jsonb(session);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_session(text) IS 'Checks the session of a call';

-- A setting that serves calls which name neither target nor token column. Of a SECURITY DEFINER function it is the
-- caller's, and must not choose what it overwrites.
CREATE FUNCTION @extschema@.ticket_setting(setting text, ordinary text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    value text := coalesce(nullif(current_setting(setting, true), ''), ordinary);
    caller text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
BEGIN
    IF value <> ordinary AND current_user <> caller THEN
        PERFORM @extschema@.ticket_refuse('SettingOfCaller', jsonb_build_object('setting', setting));
    END IF;
    RETURN value;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_setting(text, text) IS 'A setting, or what is ordinary';

CREATE FUNCTION @extschema@.ticket_name(relation oid, token_column text, OUT name text, OUT arguments text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    SELECT target.name, target.arguments INTO name, arguments FROM (
@include src/queries/target.sql@
    ) AS target;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_name(oid, text) IS 'The name of a table, and table and column as arguments of a call';

-- The target of a call and its name as it is now. The setting's is looked up by the caller's search_path.
CREATE FUNCTION @extschema@.ticket_target(target regclass, token_column name, path text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    wanted text;
    relation oid := target;
    wanted_column text := coalesce(token_column::text, @extschema@.ticket_setting('ticket_ext.token_column', 'token'));
    named record;
BEGIN
    IF relation IS NULL THEN
        wanted := @extschema@.ticket_setting('ticket_ext.target', 'ticket');
        PERFORM pg_catalog.set_config('search_path', path, true);
        relation := pg_catalog.to_regclass(wanted);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
    SELECT * INTO named FROM @extschema@.ticket_name(relation, wanted_column);
    IF named.name IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NoSuchTable', jsonb_build_object('name', coalesce(wanted, relation::text)));
    END IF;
    RETURN jsonb_build_object('oid', relation, 'table', named.name, 'target', named.name, 'column', wanted_column,
                              'arguments', named.arguments, 'path', path);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_target(regclass, name, text) IS 'The table and token column that a call is about';

-- Who rotates writes the rotation tables, and who verifies reads them.
CREATE FUNCTION @extschema@.ticket_check_role(mode text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    ledger regclass := '@extschema@.ticket_rotation_batch';
BEGIN
    IF NOT has_table_privilege(ledger, CASE mode WHEN 'read' THEN 'SELECT' ELSE 'INSERT' END) THEN
        PERFORM @extschema@.ticket_refuse('NotOfOwner', jsonb_build_object(
            'schema', relnamespace::regnamespace, 'owner', relowner::regrole, 'role', current_user))
        FROM pg_class WHERE oid = ledger;
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_check_role(text) IS 'Refuses a role that is none of the owner of the rotation tables';

-- What was chosen for the newest run of the target.
CREATE FUNCTION @extschema@.ticket_choices(relation oid, token_column text) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_table_privilege('@extschema@.ticket_rotation'::regclass, 'SELECT') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT to_jsonb(choices) FROM (
@include src/queries/choices.sql@
    ) AS choices);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_choices(oid, text) IS 'Key and treatment of NULL, as the newest run has them';

-- The column that orders the tickets: number and name are those that were chosen.
CREATE FUNCTION @extschema@.ticket_key_column(relation oid, token_column text, chosen smallint, chosen_name text)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(key_column) FROM (
@include src/queries/key_column.sql@
    ) AS key_column);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_key_column(oid, text, smallint, text) IS 'The column that orders the tickets';

CREATE FUNCTION @extschema@.ticket_table(relation oid, token_column text, key_number smallint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT to_jsonb(looked) FROM (
@include src/queries/table.sql@
    ) AS looked);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_table(oid, text, smallint) IS 'What has to be known of a target';

-- Which of its key columns and why not.
CREATE FUNCTION @extschema@.ticket_check_key(context jsonb, key jsonb, wanted text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    remedy text := key ->> 'new_key';
BEGIN
    IF key ->> 'candidate' IS NOT NULL THEN
        remedy := format('Columns that can order them: %s. %s', key ->> 'candidates', @extschema@.ticket_call(
            context, 'start_ticket_rotation', ', key_column => ' || (key ->> 'candidate')));
    END IF;
    IF key ->> 'fault' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse(
            CASE key ->> 'fault' WHEN 'does not exist' THEN 'BadKeyName' ELSE 'BadKey' END,
            context || jsonb_build_object('column', wanted, 'fault', key ->> 'fault',
                                          'remedy', coalesce(key ->> 'remedy', remedy)));
    ELSIF key ->> 'key' IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NoKey', context || jsonb_build_object('remedy', remedy));
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_check_key(jsonb, jsonb, text) IS 'Refuses a table without a key';

CREATE FUNCTION @extschema@.ticket_check_table(context jsonb, looked jsonb, kept jsonb, mode text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF mode <> 'control' AND (looked ->> 'row_security')::boolean THEN
        PERFORM @extschema@.ticket_refuse('RowSecurity', context);
    ELSIF mode <> 'read' AND looked ->> 'missing_grants' <> '' THEN
        PERFORM @extschema@.ticket_refuse('MissingGrants', context || jsonb_build_object('grants',
            looked -> 'missing_grants'));
    ELSIF mode <> 'rotate' THEN
        RETURN;
    ELSIF looked ->> 'update_rule' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('UpdateRule', context || jsonb_build_object('rule', looked -> 'update_rule'));
    ELSIF looked ->> 'foreign_part' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('ForeignPart', context || jsonb_build_object('part',
            looked -> 'foreign_part'));
    ELSIF looked ->> 'foreign_key' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('ForeignKey', context || jsonb_build_object(
            'column', looked -> 'token', 'key', looked -> 'foreign_key'));
    ELSIF (looked ->> 'has_citus')::boolean THEN
        PERFORM @extschema@.ticket_citus_check(context, looked, kept);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_check_table(jsonb, jsonb, jsonb, text) IS 'Refuses what could leave tickets behind';

CREATE FUNCTION @extschema@.ticket_check_column(context jsonb, looked jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := looked ->> 'kind';
    facts jsonb := context || jsonb_build_object('name', context -> 'table', 'child', looked -> 'child');
BEGIN
    IF looked ->> 'child' IS NOT NULL THEN
        PERFORM @extschema@.ticket_refuse('InheritanceChild', facts);
    ELSIF kind NOT IN ('r', 'p') THEN
        PERFORM @extschema@.ticket_refuse('WrongKind', facts || jsonb_build_object('kind', CASE kind
            WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN 'a foreign table'
            ELSE 'not a table' END));
    ELSIF looked ->> 'token' IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NoSuchColumn', facts);
    END IF;
    facts := facts || jsonb_build_object('column', looked -> 'token', 'found', looked -> 'token_type');
    IF (looked ->> 'generated')::boolean THEN
        PERFORM @extschema@.ticket_refuse('GeneratedColumn', facts);
    ELSIF looked ->> 'token_kind' IS NULL THEN
        PERFORM @extschema@.ticket_refuse('WrongColumnType', facts);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_check_column(jsonb, jsonb) IS 'Refuses what is no table with tokens';

-- Expressions for the statements, as in table.rs, key_column.rs and token_type.rs.
CREATE FUNCTION @extschema@.ticket_expressions(key jsonb, looked jsonb, fill_null boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT jsonb_build_object(
        'key', key -> 'key', 'key_name', key -> 'key_name', 'key_number', key -> 'key_number',
        'is_uuid', key -> 'is_uuid', 'repeats', key -> 'repeats', 'sequence', key -> 'sequence', 'key_type', key_type,
        'id', CASE WHEN (key ->> 'is_uuid')::boolean THEN format('@extschema@.ticket_key(%s)', key ->> 'key')
                   ELSE (key ->> 'key') || '::' || key_type END,
        'key_value', (key ->> 'key') || '::' || key_type,
        'token', token, 'token_number', looked -> 'token_number', 'token_type', looked -> 'token_type',
        'kind', looked -> 'token_kind', 'bytes_type', kind, 'base', looked -> 'base_type', 'equals', looked -> 'equals',
        'folds_case', looked -> 'folds_case', 'is_unique', looked -> 'is_unique', 'token_bytes', bytes,
        'lacks_token', lacks, 'has_token', CASE WHEN fill_null OR lacks = 'false' THEN '' ELSE format(' AND NOT (%s)',
            lacks) END,
        'fill_null', fill_null, 'has_triggers', looked -> 'has_triggers', 'disable', looked -> 'disable_triggers',
        'partitions', looked -> 'partitions')
    FROM (SELECT *, coalesce(nullif(concat_ws(' OR ',
                    CASE WHEN (looked ->> 'nullable')::boolean THEN token || ' IS NULL' END,
                    CASE WHEN looked ->> 'token_kind' = 'text'
                         THEN bytes || ' OPERATOR(pg_catalog.=) ''''::pg_catalog.text' END), ''), 'false') AS lacks
          FROM (SELECT *, CASE WHEN (looked ->> 'is_plain')::boolean THEN token ELSE token || '::' || kind END AS bytes
                FROM (SELECT looked ->> 'token' AS token,
                             'pg_catalog.' || (looked ->> 'token_kind') AS kind,
                             CASE WHEN (key ->> 'is_uuid')::boolean THEN 'pg_catalog.uuid' ELSE 'pg_catalog.int8' END
                                 AS key_type
                     ) AS names) AS bytes) AS lacks);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_expressions(jsonb, jsonb, boolean) IS 'Names and expressions for the statements on a target';

CREATE FUNCTION @extschema@.ticket_described(target jsonb, mode text, wanted jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := target ->> 'oid';
    column_name text := target ->> 'column';
    choices jsonb := coalesce(wanted, @extschema@.ticket_choices(relation, column_name), '{}');
    key jsonb := @extschema@.ticket_key_column(relation, column_name, (choices ->> 'key_number')::smallint,
                                               choices ->> 'key_name');
    looked jsonb := @extschema@.ticket_table(relation, column_name, (key ->> 'key_number')::smallint);
    kept jsonb := CASE WHEN (looked ->> 'has_citus')::boolean THEN @extschema@.ticket_citus_kept(relation) END;
BEGIN
    IF looked IS NULL THEN
        PERFORM @extschema@.ticket_refuse('NoSuchTable', target || jsonb_build_object('name', target -> 'table'));
    END IF;
    PERFORM @extschema@.ticket_check_column(target, looked);
    IF mode <> 'control' OR key ->> 'fault' IS NOT NULL THEN
        PERFORM @extschema@.ticket_check_key(target, key, choices ->> 'key_name');
    END IF;
    PERFORM @extschema@.ticket_check_table(target, looked, kept, mode);
    RETURN target || @extschema@.ticket_expressions(key, looked, coalesce((choices ->> 'fill_null')::boolean, false))
           || jsonb_build_object('named_key', choices -> 'key_name', 'citus', kept IS NOT NULL);
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_described(jsonb, text, jsonb) IS 'What a call has to know of its target, once it is checked';

-- Locks first and looks then: where a name leads to another table by now, it starts over. Mode: rotate, read, or
-- control, which steers a run whatever became of its table, and locks nothing.
CREATE FUNCTION @extschema@.ticket_context(mode text, target regclass, token_column name, path text,
    wanted jsonb DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    session jsonb := @extschema@.ticket_session(mode);
    before jsonb := '{}';
    called text;
    looked jsonb;
BEGIN
    LOOP
        looked := @extschema@.ticket_target(target, token_column, path);
        called := coalesce(called, looked ->> 'table');
        EXIT WHEN mode = 'control' OR looked = before;
        before := looked;
        IF EXISTS (SELECT FROM pg_class WHERE oid = (looked ->> 'oid')::oid AND relkind IN ('r', 'p')) THEN
            PERFORM @extschema@.ticket_lock_table(looked, mode);
        END IF;
    END LOOP;
    looked := @extschema@.ticket_described(looked, mode, wanted);
    IF mode = 'rotate' AND (session ->> 'is_superuser')::boolean THEN
        PERFORM @extschema@.ticket_refuse(CASE WHEN rolsuper THEN 'OfSuperuser' ELSE 'Superuser' END,
                                          looked || jsonb_build_object('owner', relowner::regrole))
        FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
        WHERE pg_class.oid = (looked ->> 'oid')::oid;
    END IF;
    PERFORM @extschema@.ticket_check_role(mode);
    -- The name by which it was called, where it has lost that while the call waited for its lock.
    RETURN looked || jsonb_build_object('lost_name', nullif(called, looked ->> 'table'));
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_context(text, regclass, name, text, jsonb) IS 'Locks and checks the target of a call';

-- At the end of a call: what its statements have found by the target's name, they have found in the target. No lock
-- keeps others from renaming a schema or attaching a partition.
CREATE FUNCTION @extschema@.ticket_confirm(context jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation oid := context ->> 'oid';
    now_called text := (SELECT name FROM @extschema@.ticket_name(relation, context ->> 'column'));
    partitions oid[] := ARRAY(SELECT relid FROM pg_partition_tree(relation) WHERE relid <> relation ORDER BY relid);
BEGIN
    IF now_called IS DISTINCT FROM context ->> 'table' OR to_jsonb(partitions) <> context -> 'partitions' THEN
        PERFORM @extschema@.ticket_refuse('ChangedMeanwhile', context || jsonb_build_object('table', now_called));
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.ticket_confirm(jsonb) IS 'Refuses what was changed while a call was at work';
