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
    WalDiskFull,
}

impl Kind {
    /// Those that take neither long nor a lock of the table.
    pub const COMMON: [Self; 11] = [
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
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::COMMON.into_iter().chain([UpdatesSuppressed, WalDiskFull])
    }

    pub fn name(self) -> &'static str {
        match self {
            DriverKilled => "driver: kill -9",
            DriverStopped => "driver: SIGSTOP for a while",
            SessionTerminated => "session: pg_terminate_backend",
            CutBeforeStatement => "connection cut before the batch",
            CutAfterStatement => "connection cut while the batch runs",
            CutBeforeAnswer => "connection cut after COMMIT",
            CutWithinAnswer => "connection cut within the answer",
            BackendKilled => "backend: kill -9",
            PostmasterKilled => "postmaster: kill -9",
            ImmediateShutdown => "server: immediate shutdown",
            FastRestart => "server: fast restart",
            UpdatesSuppressed => "trigger suppresses updates",
            WalDiskFull => "disk full for WAL",
        }
    }
}
