-- The ledgers of a run's shards. Of each shard one row, the head, has -1 for a sweep; the others are batches.
CREATE TABLE @ledger@ (
    shard_key @key_type@@key_collation@ NOT NULL,
    shard_id bigint NOT NULL,
    sweep integer NOT NULL,
    last_id bigint NOT NULL,
    record jsonb NOT NULL,
    keys bigint[],
    digests bigint[],
    new_digests bigint[],
    PRIMARY KEY (shard_id, sweep, last_id, shard_key)
)
