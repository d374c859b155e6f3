COMMENT ON FUNCTION rotate_ticket_tokens(bigint, integer, regclass, name) IS
    'Rotates and checkpoints the next batch of tickets above after_id, returns the last id; NULL when none is left';
COMMENT ON FUNCTION start_ticket_rotation(regclass, name, integer) IS
    'Starts a new run, divided into ranges that sessions can rotate side by side, returns its number';
COMMENT ON FUNCTION pause_ticket_rotation(regclass, name) IS
    'Pauses the run from the next batch on, returns its number';
COMMENT ON FUNCTION resume_ticket_rotation(regclass, name) IS
    'Lets a paused run go on, returns its number';
COMMENT ON FUNCTION cancel_ticket_rotation(regclass, name) IS
    'Ends the run before the next batch, for good, returns its number';
COMMENT ON FUNCTION tune_ticket_rotation(interval, double precision, integer, regclass, name) IS
    'Changes how hard every driver of the run works, from its next batch on, returns its number; values that are NULL stay, and without any each driver does again as its options say';
COMMENT ON FUNCTION verify_ticket_rotation(regclass, name) IS
    'The evidence on the newest run: verified is true when it is finished, its ledger has no gaps, and no ticket of a version older than the run is left';
COMMENT ON FUNCTION new_ticket_token() IS
    'A version 4 UUID from the operating system''s random number generator';
COMMENT ON PROCEDURE rotate_all_tickets(integer, interval, regclass, name) IS
    'Rotates batch after batch, with a COMMIT after each, until none is left or max_duration has passed';
