-- Everything that can be refused or go wrong. The words are those of the extension, with the same names for what is
-- filled in: a test compares them.

CREATE FUNCTION @extschema@.ticket_error(name text, OUT code text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE sql IMMUTABLE
AS $$
SELECT code, message, detail, hint FROM (VALUES
('NoSuchTable', '42P01', 'table "{name}" does not exist',
 'Names are looked up by search_path; a name with capitals or spaces needs double quotes.', '{NAME_THE_TABLE}'),
('WrongKind', '42809', '{name} is {kind}',
 'Tokens are rotated in ordinary and partitioned tables.', '{NAME_THE_TABLE}'),
('InheritanceChild', '0A000', 'table {child} inherits from table {table} and is no partition of it',
 'Keys are unique in each of them alone: tickets of both can have the same one.',
 'Part them, and rotate each by itself: ALTER TABLE {child} NO INHERIT {table};'),
('ForeignPart', '42809', 'partition {part} of table {table} is a foreign table',
 'What another server stores cannot be checked in the transaction of a batch.',
 'Rotate it on its own server. To leave it out here, detach it: {part}'),
('NoKey', '42P16', 'table {table} has no key that orders its tickets',
 'By default it is the primary key, of one smallint, integer, bigint or uuid column, or a column with a sequence that leads an index.',
 '{remedy}'),
('BadKey', '42611', 'column "{column}" of table {table} {fault}',
 'Batches are intervals of a key: a NOT NULL column that leads an index, so that no ticket is left out or looked for in the whole table.',
 '{remedy}'),
('BadKeyName', '42703', 'column "{column}" of table {table} {fault}',
 'Batches are intervals of a key: a NOT NULL column that leads an index, so that no ticket is left out or looked for in the whole table.',
 '{remedy}'),
('NoSuchColumn', '42703', 'table {table} has no column "{column}"',
 'The column is looked up by its plain name, without quotes.', '{NAME_THE_COLUMN}'),
('WrongColumnType', '42804', 'column {column} of table {table} is of type {found}',
 'Tokens are of type uuid, text, varchar, char(n), citext or bytea, or of a domain over one of them.', '{NAME_THE_COLUMN}'),
('BadFormat', '22023', 'format "{format}" does not serve: {fault}', '{FORMATS}', '{call}'),
('WeakFormat', '22023', 'format "{format}" has {bits:.0} random bits: its tokens can be guessed',
 'With 64 or more nobody tries all of them. Where the tickets are protected by other means:', '{call}'),
('FullFormat', '22023', 'format "{format}" has too few tokens for the {tickets} tickets of table {table}',
 'There are {:.0} different ones, and no two tickets may have the same.', 'Choose a longer one.'),
('OtherFormat', '22023', 'the tokens in column {column} of table {table} are no UUIDs',
 'In a sample of {sampled}, of which {uuids} are UUIDs, they look like {looks}.',
 'Name the format that new tokens are to have: {call}'),
('NoCommonFormat', '22023', 'the tokens in column {column} of table {table} are no UUIDs',
 'In a sample of {sampled}, of which {uuids} are UUIDs, they have nothing in common that a format could say. {FORMATS}',
 'Name the format that new tokens are to have: {call}'),
('UnfitFormat', '22023', 'tokens of format "{format}" do not fit column {column} of table {table}: {fault}',
 'New tokens were tried on the column before anything was changed.', 'Name a format that fits: {call}'),
('NoNewToken', '22000', 'the function that makes the tokens has returned {fault}', 'The batch is rolled back.',
 'Correct the function, or cancel the run and start another one with another format.'),
('Collision', '40001', 'a new token of table {table} is taken already',
 'There are {codes:.0} tokens of format {format}, and {:.2} % of them are taken. The batch is rolled back.',
 'Call again: it makes others. If that does not help, start a run with a longer format.'),
('GeneratedColumn', '428C9', 'column {column} of table {table} is a generated column',
 'The server computes it from other columns.', '{NAME_THE_COLUMN}'),
('RowSecurity', '42501', 'row-level security of table {table} is active for this role',
 'Its policies may hide tickets, which would then keep their old tokens.',
 'Rotate as the owner of {table} or as a role with BYPASSRLS.'),
('UpdateRule', '0A000', 'table {table} has the ON UPDATE rule {rule}',
 'A rule may rewrite the update, so that tickets keep their old tokens.',
 'Drop it, and create it again after the rotation: DROP RULE {rule} ON {table};'),
('ForeignKey', '2BP01', 'column {column} of table {table} is part of the foreign key {key}',
 'A token can only change under a foreign key that refers to it with ON UPDATE CASCADE.',
 'Make the foreign key ON UPDATE CASCADE, or drop it and create it again after the rotation.'),
('MissingGrants', '42501', 'permission denied to rotate the tokens of table {table}',
 'It takes SELECT on the table''s key and token, and UPDATE on its token.', '{grants}'),
('NotOnCoordinator', '55000', 'table {table} is rotated from the coordinator of its Citus cluster',
 'The ledger is kept there: runs of two nodes would rotate its tickets twice.', 'Connect to the coordinator.'),
('CitusUnfit', '0A000', 'table {table} cannot be rotated through Citus: {fault}', '{detail}', '{remedy}'),
('CitusGuard', '0A000', 'table {table} is kept by Citus and cannot be guarded',
 'A guard is a trigger, which Citus keeps from its tables, and asks the ledger, which the other nodes do not have.',
 'Sweep the run again once the application has stopped to write old tokens.'),
('Alike', '21000', 'tickets of table {table} with the key {key} have the same token',
 'They cannot be told apart on their shards. The batch is rolled back.',
 'Give one of them another token or key, and call again.'),
('NodeAway', '08006', 'node {node} of the Citus cluster does not answer: {fault}',
 'All nodes that have tickets of the table take part in its rotation.', 'Start the node and call again.'),
('NullBatch', '22023', 'batch must not be NULL',
 'It is the number of tickets to rotate in one transaction.', 'SELECT rotate_ticket_tokens(NULL, 5000);'),
('BatchTooSmall', '22023', 'batch must be at least 1, not {found}',
 'It is the number of tickets to rotate in one transaction.', 'SELECT rotate_ticket_tokens(NULL, 5000);'),
('RangesOutOfBounds', '22023', 'ranges must be between 1 and {max}, not {found}',
 'It is the number of parts that sessions can rotate side by side.', 'SELECT start_ticket_rotation(ranges => 8);'),
('BatchTimeOutOfBounds', '22023', 'batch_time must be between 10 ms and 60 s, not {seconds} s',
 'It is how long a batch should take.', 'SELECT tune_ticket_rotation(batch_time => ''200 ms'');'),
('NiceOutOfBounds', '22023', 'nice must be between 0 and 100, not {found}',
 'It is how many times as long as a batch took a worker rests after it.', 'SELECT tune_ticket_rotation(nice => 1);'),
('WorkersOutOfBounds', '22023', 'workers must be between 1 and 64, not {found}',
 'It is the number of connections that each driver rotates on.', 'SELECT tune_ticket_rotation(workers => 2);'),
('Standby', '25006', 'cannot rotate tokens on a standby',
 'A standby replays what its primary does and cannot write.', 'Connect to the primary.'),
('ReadOnly', '25006', 'cannot rotate tokens in a read-only transaction',
 'The transaction was started READ ONLY, or default_transaction_read_only is on.',
 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;'),
('Isolation', '25000', 'cannot rotate tokens at isolation level {level}',
 'A batch has to see what other sessions committed while it waited for its range.',
 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;'),
('ReplicaRole', '22023', 'cannot rotate tokens while session_replication_role is replica',
 'It keeps triggers and foreign keys from following the new tokens.', 'SET session_replication_role = origin;'),
('NoRun', '55000', 'table {table} has never been rotated', 'There is no run to change.', '{call}'),
('NoTickets', 'P0002', 'table {table} has no tickets to rotate',
 'A run covers the tickets that exist when it starts.', '{NAME_THE_TABLE}'),
('Paused', '55000', 'run {run} of table {table} is {state}', 'No batch is rotated until the run is resumed.', '{call}'),
('WrongState', '55000', 'run {run} of table {table} is {state}',
 'It cannot be changed any more; a new run rotates every ticket of the table again.', '{call}'),
('Unfinished', '55006', 'run {run} of table {table} is not finished',
 'A token column has one unfinished run at a time.', 'Let it finish, or end it: {call}'),
('OlderWriters', '55P03', 'run {run} of table {table} cannot finish while transactions older than it write to the table',
 'They may have inserted tickets that no batch could see: {}.', 'Wait and call again, or end it: {end}'),
('NoHolder', '55P03', '{what} is locked by another session',
 'It was not free for some seconds, and who held it has gone since.', 'Call again.'),
('Held', '55P03', '{what} is locked by another session', 'It is held by {}.', 'Wait and call again, or end it: {end}'),
('TableSwapped', '55000', 'run {run} belongs to a table that was called {table} and is called {now_called} now',
 'Another table has taken over its name. What the run has rotated is not in this one.',
 'Name the table that is meant, or start another run for this one: {call}'),
('TableRenamed', '55000', 'run {run} was started for table {name}, whose number {table} has now',
 'Either {name} was renamed, or it was dropped, and a restored run names another table by its number.',
 'If it is the same table, go on under its new name: {call} If not: {start}'),
('ColumnSwapped', '55000', 'run {run} of table {table} is of another column that was called "{column}"',
 'Columns have changed their names since. What the run has rotated is not in this one.',
 'Change them back, or once the run has ended start another one: {call}'),
('KeyMoved', '55000', 'run {run} of table {table} went by the key "{key}", which cannot order its tickets any more',
 'Its ranges and entries are of the old key; by another one tickets would be left out.',
 'Change it back, or once the run has ended start another one: {call}'),
('NoToken', '22P02', 'this is no token of table {table}: {expected} is expected',
 'What was given is not repeated here.', '{NAME_THE_COLUMN}'),
('NoSuchRun', 'P0002', 'there is no run {run}', 'Runs are listed in batch_progress.',
 'SELECT run_id, target, state FROM batch_progress ORDER BY run_id;'),
('NotYours', '42501', 'permission denied for run {run} of table {table}',
 'It takes the right to UPDATE the token column; the run of a dropped table is left to superusers.', 'Ask the owner of the table.'),
('StillNeeded', '55000', 'run {run} of table {table} is {state}',
 'Its entries are what it goes by until it has ended.', 'Let it finish, or cancel it.'),
('Forgotten', '55000', 'the entries of run {run} of table {table} are forgotten',
 'Without them nobody can tell an old token from a new one.',
 'Another run rotates every ticket of the table again: {call}'),
('SettingOfCaller', '42501', 'setting {setting} does not count within a SECURITY DEFINER function',
 'Its caller could choose what the function overwrites.',
 'Name table and column in the call instead of setting {setting}: SELECT rotate_ticket_tokens(NULL, 5000, ''schema.table'', ''column'');'),
('ChangedMeanwhile', '40001', 'table {table} was changed while a batch was at work',
 'Its name, its schema, a partition or a role is another one than when the batch began. It is rolled back.', 'Call again.'),
('NestedBatch', '55000', 'a batch is rotated within a batch',
 'A trigger on the tickets has called rotate_ticket_tokens.', 'Call it from outside of the triggers.'),
('Withheld', '27000', '{count} ticket(s) of table {table} would have kept their old token',
 'A trigger suppressed the update or changed the new token of ids {keys}. The batch is rolled back.',
 'For the time of the rotation: {disable}'),
('NotRotated', '27000', '{count} ticket(s) of table {table} would have kept their old token',
 'The new tokens of ids {keys} are not the ones that are stored. The batch is rolled back.',
 'Look for what else writes to them.'),
('Violation', '23000', '{message}', 'The row is withheld, because it holds tokens. The batch is rolled back.',
 'The new tokens have to satisfy the constraints of the table and of those that refer to it.'),
('NotOwner', '42501', 'must be owner of table {table} to guard its tokens',
 'A guard consists of triggers of the table.', 'Ask the owner of the table, or a superuser: {call}'),
('UnknownAction', '22023', 'action must be ''keep'' or ''refuse'', not ''{found}''',
 'A write of a retired token keeps the live one, or is refused with an error.', 'SELECT guard_ticket_tokens(action => ''keep'');'),
('RetiredToken', '23514', 'the token of ticket {key} of table {table} was retired by run {run}',
 'Its old token is written back, which may have leaked. What was read before the rotation is out of date.',
 'Read the ticket again and save it then. To let such writes keep the live token: {call}'),
('GuardByHand', '55000', 'a guard is put on a table by guard_ticket_tokens',
 'A trigger that was created otherwise does not tell which column it guards.',
 'Drop the trigger, and: SELECT guard_ticket_tokens(''schema.table'', ''column'');'),
-- of this edition alone
('Superuser', '42501', 'a superuser cannot rotate the tokens of table {table}',
 'Triggers of the table, and what they call, would run with the rights of a superuser.',
 'Rotate as the owner of the table: SET ROLE {owner};'),
('OfSuperuser', '42501', 'a superuser cannot rotate the tokens of table {table}',
 'Its owner {owner} is a superuser too: triggers of the table, and what they call, would run with such rights.',
 'Give it to a role without them, and rotate as that one: ALTER TABLE {table} OWNER TO role; SET ROLE role;'),
('ShardByHand', '0A000', 'table {table} is a shard of a distributed table',
 'What is written to it while it moves would be lost.', 'Rotate the table of which it is a part, on the coordinator.'),
('NotOfOwner', '42501', 'permission denied for the rotation tables of schema {schema}',
 'Who rotates writes them, in this edition, and belongs to their owner.', 'GRANT {owner} TO {role};')
) AS errors (name, code, message, detail, hint)
WHERE errors.name = $1
$$;

COMMENT ON FUNCTION @extschema@.ticket_error(text) IS 'What the functions refuse, in words: fields in braces are filled in';

-- Fields are filled in once: what they hold may have braces of its own.
CREATE FUNCTION @extschema@.ticket_words(template text, facts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT string_agg(CASE WHEN place = 1 THEN part
                           ELSE (facts ->> split_part(part, '}', 1)) || substr(part, strpos(part, '}') + 1)
                      END, '' ORDER BY place)
    FROM unnest(string_to_array(template, '{')) WITH ORDINALITY AS parts (part, place)
$$;

COMMENT ON FUNCTION @extschema@.ticket_words(text, jsonb) IS 'An error''s words with their fields filled in';

-- The type that it names tells clients that these words quote no row.
CREATE FUNCTION @extschema@.ticket_refuse(name text, facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    error record;
    -- The NAME_ and FORMATS are those of error_report.rs.
    known jsonb := jsonb_build_object(
        'NAME_THE_TABLE', 'Name the table in the call, or for the session: SET ticket_ext.target = ''schema.table'';',
        'NAME_THE_COLUMN', 'Name the column in the call, or for the session: SET ticket_ext.token_column = ''column'';',
        'FORMATS', 'A format is a text with fields of random characters, {digits:n}, {hex:n}, {HEX:n}, {base32:n}, {base36:n}, {base58:n}, {base62:n}, {base64:n}, {base64url:n} or {uuid}; uuid; {bytes:n} of a bytea; or function:name.'
    ) || jsonb_strip_nulls(facts);
BEGIN
    SELECT * INTO STRICT error FROM @extschema@.ticket_error(name);
    RAISE EXCEPTION USING
        ERRCODE = coalesce(facts ->> 'code', error.code),
        MESSAGE = @extschema@.ticket_words(error.message, known),
        DETAIL = @extschema@.ticket_words(error.detail, known),
        HINT = @extschema@.ticket_words(error.hint, known),
        DATATYPE = 'ticket_ext';
END
$$;

COMMENT ON FUNCTION @extschema@.ticket_refuse(text, jsonb) IS 'Raises an error';
