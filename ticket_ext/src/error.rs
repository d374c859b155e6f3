//! Everything that can be refused or go wrong. How PostgreSQL reports it is in `report.rs`.

use thiserror::Error;

/// A name in a variant is quoted as SQL wants it; `call`, `grants` and the like are statements to paste.
#[derive(Debug, Error)]
pub enum TicketError {
    #[error("table \"{name}\" does not exist")]
    NoSuchTable { name: String },
    #[error("{name} is {kind}")]
    WrongKind { name: String, kind: &'static str },
    #[error("partition {part} of table {table} is a foreign table")]
    ForeignPart { table: String, part: String },
    #[error("table {table} has no single-column integer primary key")]
    NoIntegerKey { table: String },
    #[error("table {table} has no column \"{column}\"")]
    NoSuchColumn { table: String, column: String },
    #[error("column {column} of table {table} is of type {found}")]
    WrongColumnType { table: String, column: String, found: String },
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
    #[error("table {table} has a ticket with id {}", i64::MIN)]
    LowestId { table: String },
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
    OlderWriters { run: i64, table: String, processes: Vec<i32> },
    #[error("{count} ticket(s) of table {table} would have kept their old token")]
    NotRotated { table: String, count: usize, ids: String, disable: String },
    #[error("could not read the operating system's random number generator: {0}")]
    Random(#[from] getrandom::Error),
    #[error("unexpected result of an internal query: {0}")]
    Spi(#[from] pgrx::spi::Error),
}
