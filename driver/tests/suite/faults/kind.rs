//! The kinds of faults.

use Kind::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    DriverKilled,
    DriverStopped,
    SessionTerminated,
    CutBeforeStatement,
    CutAfterStatement,
    CutBeforeAnswer,
    CutWithinAnswer,
    BackendKilled,
    PostmasterKilled,
    ImmediateShutdown,
    FastRestart,
    UpdatesSuppressed,
    TokensKeptInPartition,
    RowsHidden,
    TableSwapped,
    ColumnSwapped,
    RunCancelled,
    WalDiskFull,
}

/// The last seven take a lock of the table or much time, so they are less common.
const NAMES: [(Kind, &str); 18] = [
    (DriverKilled, "driver: kill -9"),
    (DriverStopped, "driver: SIGSTOP for a while"),
    (SessionTerminated, "session: pg_terminate_backend"),
    (CutBeforeStatement, "connection cut before the batch"),
    (CutAfterStatement, "connection cut while the batch runs"),
    (CutBeforeAnswer, "connection cut after COMMIT"),
    (CutWithinAnswer, "connection cut within the answer"),
    (BackendKilled, "backend: kill -9"),
    (PostmasterKilled, "postmaster: kill -9"),
    (ImmediateShutdown, "server: immediate shutdown"),
    (FastRestart, "server: fast restart"),
    (UpdatesSuppressed, "trigger suppresses updates"),
    (TokensKeptInPartition, "trigger of a partition keeps tokens"),
    (RowsHidden, "row security hides tickets"),
    (TableSwapped, "another table takes over the name"),
    (ColumnSwapped, "another column takes over the name"),
    (RunCancelled, "run cancelled, another one started"),
    (WalDiskFull, "disk full for WAL"),
];
const COMMON: usize = NAMES.len() - 7;
/// They take a lock of the table that the prepared transaction does not allow.
pub const LOCKING: [Kind; 5] =
    [UpdatesSuppressed, TokensKeptInPartition, RowsHidden, TableSwapped, ColumnSwapped];

impl Kind {
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(|(kind, _)| kind)
    }

    pub fn common() -> Vec<Self> {
        Self::all().take(COMMON).collect()
    }

    pub fn name(self) -> &'static str {
        NAMES.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}
