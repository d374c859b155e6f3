-- What the functions are for, and who may call them. A rotator gets EXECUTE by sql/roles.sql; what a function changes
-- is further checked by the privileges on the target. Those of the guard are public: they ask for the owner of the
-- table.

COMMENT ON FUNCTION rotate_ticket_tokens(bigint, integer, regclass, name) IS
    'Rotates and checkpoints the next batch of tickets above after_id, returns the last id; NULL when none is left';
COMMENT ON FUNCTION start_ticket_rotation(regclass, name, integer, name, text, boolean, boolean) IS
    'Starts a new run, divided into ranges that sessions can rotate side by side (NULL: as many as the size of the table asks for), returns its number';
COMMENT ON FUNCTION pause_ticket_rotation(regclass, name) IS
    'Pauses the run from the next batch on, returns its number';
COMMENT ON FUNCTION resume_ticket_rotation(regclass, name) IS
    'Lets a paused run go on, returns its number';
COMMENT ON FUNCTION cancel_ticket_rotation(regclass, name) IS
    'Ends the run before the next batch, for good, returns its number';
COMMENT ON FUNCTION sweep_ticket_rotation(regclass, name) IS
    'Opens the newest run again once it has finished, for another sweep: rotate_ticket_tokens then rotates the tickets whose old token has come back, and no others; returns its number';
COMMENT ON FUNCTION tune_ticket_rotation(interval, double precision, integer, regclass, name) IS
    'Changes how hard every driver of the run works, from its next batch on, returns its number; values that are NULL stay, and without any each driver does again as its options say';
COMMENT ON FUNCTION verify_ticket_rotation(regclass, name) IS
    'The evidence on the newest run: verified is true when it is finished, its ledger has no gaps, and no ticket was left out or has its old token back; NULL once the entries are forgotten';
COMMENT ON FUNCTION forget_ticket_rotation(bigint) IS
    'Drops the entries of a run that has ended, which take 16 bytes a ticket, and ends that of a table which was dropped, returns its number';
COMMENT ON FUNCTION trace_ticket_token(text, regclass, name) IS
    'Whose token it is or was: live with the keys of the tickets that have it, retired with the key, the run and the time of its batch, unknown; forgotten are runs whose entries are dropped';
COMMENT ON FUNCTION trace_ticket_digests(bigint[], regclass, name) IS
    'For drivers: the entries with these digests, of all runs of the target; a run whose entries are forgotten is a row without digest';
COMMENT ON FUNCTION guard_ticket_tokens(regclass, name, text) IS
    'Keeps tokens that any run has retired from coming back: a write that would bring one back keeps the live token (keep) or is an error (refuse). It holds in replicas and under session_replication_role = replica too; ALTER TABLE ... DISABLE TRIGGER switches it off. Returns whether anything was changed';
COMMENT ON FUNCTION unguard_ticket_tokens(regclass, name) IS
    'Takes the guard off, returns whether there was one';
COMMENT ON FUNCTION ticket_guard() IS
    'The guard''s trigger function, for guard_ticket_tokens';
COMMENT ON FUNCTION note_ticket_rotation_wait(text, regclass, name) IS
    'For drivers: shows in batch_progress what they wait for';
COMMENT ON FUNCTION ticket_key(uuid) IS 'The id of a uuid key, in ranges and ledger: its first 63 bits, which keep the order';
COMMENT ON FUNCTION ticket_token_digest(uuid) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its 16 bytes';
COMMENT ON FUNCTION ticket_token_digest(text) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its bytes';
COMMENT ON FUNCTION ticket_token_digest(bytea) IS 'How the ledger knows a token: the first 8 bytes of the SHA-256 of its bytes';
COMMENT ON FUNCTION new_ticket_token() IS
    'A version 4 UUID from the operating system''s random number generator';
COMMENT ON PROCEDURE rotate_all_tickets(integer, interval, regclass, name) IS
    'Rotates batch after batch, with a COMMIT after each, until none is left or max_duration has passed';

REVOKE EXECUTE ON FUNCTION
    rotate_ticket_tokens(bigint, integer, regclass, name),
    start_ticket_rotation(regclass, name, integer, name, text, boolean, boolean),
    pause_ticket_rotation(regclass, name),
    resume_ticket_rotation(regclass, name),
    cancel_ticket_rotation(regclass, name),
    sweep_ticket_rotation(regclass, name),
    tune_ticket_rotation(interval, double precision, integer, regclass, name),
    note_ticket_rotation_wait(text, regclass, name),
    verify_ticket_rotation(regclass, name),
    trace_ticket_token(text, regclass, name),
    trace_ticket_digests(bigint[], regclass, name),
    forget_ticket_rotation(bigint)
FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE rotate_all_tickets(integer, interval, regclass, name) FROM PUBLIC;
