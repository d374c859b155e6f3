//! Everything that can go wrong, in words for the person at the terminal.

mod edition;
mod hint;
mod transient;
mod withheld;

use std::error::Error as _;
use std::io;
use std::time::Duration;

use postgres::error::SqlState;

use crate::exit::Exit;

pub use edition::{EditionError, Update};
pub use transient::RetryOn;
pub use withheld::is_own;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    ConnectionString(String),
    #[error("{0}")]
    Parameter(String),
    /// As a parameter, with what to write instead.
    #[error("{what}")]
    Refused { what: String, instead: &'static str },
    #[error("the password command {0}")]
    PasswordCommand(String),
    #[error("cannot connect to {server}: {reason}")]
    Unreachable { server: String, reason: String },
    #[error("no answer in PostgreSQL's protocol from {0} within the connect timeout")]
    Silent(String),
    #[error("{server} does not answer as a PostgreSQL server: {reason}")]
    NotPostgres { server: String, reason: String },
    #[error("no TLS connection to {server}: {reason}")]
    Tls { server: String, reason: String, cut_off: bool },
    #[error("the server at {0} asks for a password and none was given")]
    PasswordMissing(String),
    #[error("cannot log in at {server}: {reason}")]
    Login { server: String, reason: String },
    #[error("{server} is not what target_session_attrs asks for, which is {wanted}")]
    Unsuitable { server: String, wanted: &'static str },
    /// An internal error before the login was over: a pooler's, and soon over where it has worked before.
    #[error("{}", in_full(.0))]
    TurnedAway(postgres::Error),
    #[error("{}", in_full(.0))]
    Server(#[from] postgres::Error),
    #[error(transparent)]
    Edition(#[from] EditionError),
    #[error("there is no table {0}")]
    TableMissing(String),
    #[error("{table} exists and was not made by rotate-driver init: nothing was changed")]
    TableForeign { table: String },
    #[error("{now} is not the target that this command began with, which was {before}")]
    TargetChanged { before: String, now: String },
    #[error("cannot read the leaked tokens from {place}: {reason}")]
    LeakedUnreadable { place: String, reason: String },
    #[error("line {line} of {place}: {reason}")]
    LeakedLine { place: String, line: u64, reason: String },
    #[error("cannot tell where the tokens are in {place}: {reason}")]
    LeakedColumn { place: String, reason: String },
    #[error("{0}")]
    LeakedForeign(String),
    #[error("{0} holds no token")]
    LeakedEmpty(String),
    #[error("cannot read {what}: {reason}")]
    Throttle { what: &'static str, reason: Box<Self>, hint: Option<&'static str> },
    #[error("there is no standby and no replication slot \"{0}\" whose position is known")]
    ReplicaMissing(String),
    #[error("this role may not see {what}")]
    StatisticsHidden { what: &'static str, remedy: String },
    #[error("its first column is of type {0}, neither a boolean nor a number")]
    ThrottleType(String),
    /// What is amiss with the shards of a distributed table.
    #[error("{what}")]
    Shards { what: String, remedy: &'static str },
    #[error("gave up after {} without progress: {reason}", seconds(*.tried))]
    GaveUp { tried: Duration, reason: Box<Self> },
    #[error("interrupted")]
    Interrupted(i32),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    pub fn exit(&self) -> Exit {
        match self {
            Self::ConnectionString(_) | Self::Parameter(_) | Self::Refused { .. } => Exit::Usage,
            Self::GaveUp { .. } => Exit::GaveUp,
            Self::Interrupted(signal) => Exit::Signal(*signal),
            _ => Exit::Failed,
        }
    }

    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Server(error) | Self::TurnedAway(error) => error.code(),
            Self::GaveUp { reason, .. } | Self::Throttle { reason, .. } => reason.code(),
            _ => None,
        }
    }

    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Server(error) => withheld::detail(error.as_db_error()?),
            Self::GaveUp { reason, .. } | Self::Throttle { reason, .. } => reason.detail(),
            _ => None,
        }
    }

    pub fn is_cancelled_query(&self) -> bool {
        self.code() == Some(&SqlState::QUERY_CANCELED)
    }
}

/// `ERROR 42501: permission denied …`, as psql's verbose form, or the failure with its cause.
fn in_full(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => {
            let (severity, code) = (said.severity(), said.code().code());
            format!("{severity} {code}: {}", withheld::message(said))
        }
        (None, _) if error.is_closed() => {
            "connection lost (server closed the connection unexpectedly)".to_owned()
        }
        (None, Some(cause)) if is_lost(error) => format!("connection lost ({cause})"),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

/// The client keeps its kinds of failure to itself. An I/O error also lies under what it cannot encode or
/// parse, with kinds of its own.
pub fn is_lost(error: &postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let malformed = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData];
    error.is_closed() || cause.is_some_and(|cause| !malformed.contains(&cause.kind()))
}

fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}
