-- A shard of 100 tickets, and its ledger, with the run that was planned for it.
CREATE TABLE ticket_7 (LIKE ticket INCLUDING ALL);
INSERT INTO ticket_7 SELECT number, gen_random_uuid() FROM generate_series(1, 100) AS number;
CREATE TABLE leaked AS SELECT * FROM ticket_7;
CREATE TABLE ticket_shard_ledger_1_8 (
    shard_key bigint NOT NULL,
    shard_id bigint NOT NULL,
    sweep integer NOT NULL,
    last_id bigint NOT NULL,
    record jsonb NOT NULL,
    keys bigint[],
    digests bigint[],
    new_digests bigint[],
    PRIMARY KEY (shard_id, sweep, last_id, shard_key)
);
INSERT INTO ticket_shard_ledger_1_8 VALUES (1, 7, -1, 0, '{"state": "planned", "token_column": "token"}');
