//! The option that bounds retries of transient errors.

use std::time::Duration;

use clap::Args;

use crate::duration;

#[derive(Args, Clone, Copy)]
pub struct RetryOptions {
    /// How long to try again without progress: seconds, or 90s, 5m, 1h; 0 is never
    ///
    /// Tried again are a lost connection, a server that is down, starting, full or for a while a
    /// standby, a conflict with another transaction, a lock time-out and a statement that somebody
    /// cancels. Each new connection tries all hosts in their order. Of a first connection only what a
    /// starting or full server answers: an address that refuses it is more likely wrong.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    pub retry_for: Duration,
}
