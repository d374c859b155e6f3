//! Everything that can be refused or go wrong. How PostgreSQL reports it is in `error_report.rs`.

use pgrx::PgSqlErrorCode;
use thiserror::Error;

use crate::lock_wait::Holders;

/// A name in a variant is quoted as SQL wants it; `call`, `start`, `remedy`, `grants` and `disable`
/// are statements to paste.
#[derive(Debug, Error)]
pub enum TicketError {
    #[error("table \"{name}\" does not exist")]
    NoSuchTable { name: String },
    #[error("{name} is {kind}")]
    WrongKind { name: String, kind: &'static str },
    #[error("table {child} inherits from table {table} and is no partition of it")]
    InheritanceChild { table: String, child: String },
    #[error("partition {part} of table {table} is a foreign table")]
    ForeignPart { table: String, part: String },
    #[error("table {table} has no key that orders its tickets")]
    NoKey { table: String, remedy: String },
    #[error("column \"{column}\" of table {table} {fault}")]
    BadKey { table: String, column: String, fault: String, remedy: String },
    #[error("table {table} has no column \"{column}\"")]
    NoSuchColumn { table: String, column: String },
    #[error("column {column} of table {table} is of type {found}")]
    WrongColumnType { table: String, column: String, found: String },
    #[error("format \"{format}\" does not serve: {fault}")]
    BadFormat { format: String, fault: String, call: String },
    #[error("format \"{format}\" has {bits:.0} random bits: its tokens can be guessed")]
    WeakFormat { format: String, bits: f64, call: String },
    #[error("format \"{format}\" has too few tokens for the {tickets} tickets of table {table}")]
    FullFormat { format: String, table: String, bits: f64, tickets: i64 },
    #[error("the tokens in column {column} of table {table} are no UUIDs")]
    OtherFormat {
        table: String,
        column: String,
        sampled: usize,
        uuids: usize,
        looks: Option<String>,
        call: String,
    },
    #[error("tokens of format \"{format}\" do not fit column {column} of table {table}: {fault}")]
    UnfitFormat { format: String, table: String, column: String, fault: String, call: String },
    #[error("the function that makes the tokens has returned {fault}")]
    NoNewToken { fault: &'static str },
    #[error("a new token of table {table} is taken already")]
    Collision { table: String, format: String, codes: f64, tickets: i64 },
    #[error("column {column} of table {table} is a generated column")]
    GeneratedColumn { table: String, column: String },
    #[error("row-level security of table {table} is active for this role")]
    RowSecurity { table: String },
    #[error("table {table} has the ON UPDATE rule {rule}")]
    UpdateRule { table: String, rule: String },
    #[error("column {column} of table {table} is part of the foreign key {key}")]
    ForeignKey { table: String, column: String, key: String },
    #[error("permission denied to rotate the tokens of table {table}")]
    MissingGrants { table: String, grants: String },
    #[error("table {table} is rotated from the coordinator of its Citus cluster")]
    NotOnCoordinator { table: String },
    #[error("table {table} cannot be rotated through Citus: {fault}")]
    CitusUnfit { table: String, fault: &'static str, detail: &'static str, remedy: String },
    #[error("table {table} is kept by Citus and cannot be guarded")]
    CitusGuard { table: String },
    #[error("tickets of table {table} with the key {key} have the same token")]
    Alike { table: String, key: String },
    #[error("node {node} of the Citus cluster does not answer: {fault}")]
    NodeAway { node: String, fault: String },
    #[error("batch must not be NULL")]
    NullBatch,
    #[error("batch must be at least 1, not {found}")]
    BatchTooSmall { found: i32 },
    #[error("ranges must be between 1 and {max}, not {found}")]
    RangesOutOfBounds { found: i32, max: i32 },
    #[error("batch_time must be between 10 ms and 60 s, not {seconds} s")]
    BatchTimeOutOfBounds { seconds: f64 },
    #[error("nice must be between 0 and 100, not {found}")]
    NiceOutOfBounds { found: f64 },
    #[error("workers must be between 1 and 64, not {found}")]
    WorkersOutOfBounds { found: i32 },
    #[error("cannot rotate tokens on a standby")]
    Standby,
    #[error("cannot rotate tokens in a read-only transaction")]
    ReadOnly,
    #[error("cannot rotate tokens at isolation level {level}")]
    Isolation { level: String },
    #[error("cannot rotate tokens while session_replication_role is replica")]
    ReplicaRole,
    #[error("table {table} has never been rotated")]
    NoRun { table: String, call: String },
    #[error("table {table} has no tickets to rotate")]
    NoTickets { table: String },
    #[error("run {run} of table {table} is {state}")]
    WrongState { run: i64, table: String, state: String, call: String },
    #[error("run {run} of table {table} is not finished")]
    Unfinished { run: i64, table: String, call: String },
    #[error("run {run} of table {table} cannot finish while transactions older than it write to the table")]
    OlderWriters { run: i64, table: String, writers: Holders },
    #[error("{what} is locked by another session")]
    Held { what: String, holders: Holders },
    #[error("run {run} belongs to a table that was called {table} and is called {now_called} now")]
    TableSwapped { run: i64, table: String, now_called: String, call: String },
    #[error("run {run} was started for table {name}, whose number {table} has now")]
    TableRenamed { run: i64, name: String, table: String, call: String, start: String },
    #[error("run {run} of table {table} is of another column that was called \"{column}\"")]
    ColumnSwapped { run: i64, table: String, column: String, call: String },
    #[error("run {run} of table {table} went by the key \"{key}\", which cannot order its tickets any more")]
    KeyMoved { run: i64, table: String, key: String, call: String },
    #[error("this is no token of table {table}: {expected} is expected")]
    NoToken { table: String, expected: &'static str },
    #[error("there is no run {run}")]
    NoSuchRun { run: i64 },
    #[error("permission denied for run {run} of table {table}")]
    NotYours { run: i64, table: String },
    #[error("run {run} of table {table} is {state}")]
    StillNeeded { run: i64, table: String, state: String },
    #[error("must be owner of table {table} to guard its tokens")]
    NotOwner { table: String, call: String },
    #[error("action must be 'keep' or 'refuse', not '{found}'")]
    UnknownAction { found: String },
    #[error("the token of ticket {key} of table {table} was retired by run {run}")]
    RetiredToken { table: String, key: String, run: i64, call: String },
    #[error("a guard is put on a table by guard_ticket_tokens")]
    GuardByHand,
    #[error("the entries of run {run} of table {table} are forgotten")]
    Forgotten { run: i64, table: String, call: String },
    #[error("setting {setting} does not count within a SECURITY DEFINER function")]
    SettingOfCaller { setting: &'static str },
    #[error("table {table} was changed while a batch was at work")]
    ChangedMeanwhile { table: String },
    #[error("a batch is rotated within a batch")]
    NestedBatch,
    #[error("no batch is being rotated")]
    OutsideBatch,
    #[error("{count} ticket(s) of table {table} would have kept their old token")]
    NotRotated { table: String, count: usize, keys: String, disable: String },
    #[error("this database has no Citus")]
    NoCitus,
    #[error("{name} is no shard of a distributed table")]
    NoShard { name: String },
    #[error("shard {name} is not on this node")]
    ShardMoved { name: String },
    #[error("shard {name} is on several nodes")]
    ShardReplicated { name: String },
    #[error("shard {name} has no such ledger")]
    NoShardLedger { name: String },
    #[error("no run was planned for shard {name}")]
    ShardNotPlanned { name: String },
    #[error("the rotation tables of this node and the ledger of shard {name} differ")]
    ShardLedgerDiffers { name: String },
    #[error("table {table} is a shard of a distributed table")]
    ShardByHand { table: String },
    #[error("a run of table {table} is unfinished that rotates each shard by itself")]
    RunsPerShard { table: String },
    #[error("{message}")]
    Violation { code: PgSqlErrorCode, message: String },
    #[error("could not read the operating system's random number generator: {0}")]
    Random(#[from] getrandom::Error),
    #[error("unexpected result of an internal query: {0}")]
    Spi(#[from] pgrx::spi::Error),
}
