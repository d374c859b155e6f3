-- The functions within the statements of a batch. They run as the table's owner as well, so they stay public: out of a
-- batch they only raise an error.
COMMENT ON FUNCTION renew_ticket_token(uuid, bigint) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns its new token';
COMMENT ON FUNCTION renew_ticket_token(uuid, bigint, uuid) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns the new token that was made for it';
COMMENT ON FUNCTION renew_ticket_token(text, bigint) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns its new token';
COMMENT ON FUNCTION renew_ticket_token(text, bigint, text) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns the new token that was made for it';
COMMENT ON FUNCTION renew_ticket_token(bytea, bigint) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns its new token';
COMMENT ON FUNCTION renew_ticket_token(bytea, bigint, bytea) IS 'Part of the UPDATE of a batch: notes the entry of a ticket, returns the new token that was made for it';
COMMENT ON FUNCTION ticket_is_due(uuid, bigint) IS 'Part of a look at the target: 1 for a ticket without an entry, 2 for one with its old token, else 0';
COMMENT ON FUNCTION ticket_is_due(text, bigint) IS 'Part of a look at the target: 1 for a ticket without an entry, 2 for one with its old token, else 0';
COMMENT ON FUNCTION ticket_is_due(bytea, bigint) IS 'Part of a look at the target: 1 for a ticket without an entry, 2 for one with its old token, else 0';
