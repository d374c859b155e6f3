//! The option that bounds retries.

use clap::Args;
use std::time::Duration;

pub const DEFAULT_RETRY_FOR: &str = "5m";

#[derive(Args)]
pub struct Patience {
    /// How long to try again without progress: seconds, or 90s, 5m, 1h; 0 is never
    ///
    /// Tried again are a lost connection, a server that is down, starting, full or for a while a
    /// standby, a conflict with another transaction, a lock time-out and a statement that somebody
    /// cancels. Each new connection tries all hosts in their order. Of a first connection only what a
    /// starting or full server answers: an address that refuses it is more likely wrong.
    #[arg(long, value_name = "TIME", default_value = DEFAULT_RETRY_FOR, value_parser = duration)]
    pub retry_for: Duration,
}

pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    seconds.or_else(|_| humantime::parse_duration(text)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        let seconds = ["0", "90", "90s", "5m", "1h", "1h 30m"].map(|text| duration(text).unwrap().as_secs());
        assert_eq!(seconds, [0, 90, 90, 300, 3_600, 5_400]);
        assert!(["", "-1", "soon", "5 parsecs"].iter().all(|text| duration(text).is_err()));
    }
}
