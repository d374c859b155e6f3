//! The options that say what a run waits for.

use clap::{Args, ValueEnum};

use super::hours::Between;
use super::lag::Lag;

#[derive(Args)]
#[command(next_help_heading = "Throttles")]
pub struct ThrottleOptions {
    /// Start no batch while a replica is further behind, in time or in WAL: 10s, 64MB, or one of each
    ///
    /// Given twice, both count. Replicas are the standbys that are connected and the logical
    /// replication slots of the database, unless --replica names some.
    #[arg(long, value_name = "TIME|BYTES")]
    pub max_replica_lag: Vec<Lag>,

    /// Watch this replica alone: application_name of a standby, or a replication slot
    ///
    /// May be repeated. One that is named has to be there: while it is away no batch is started.
    #[arg(long, value_name = "NAME", requires = "max_replica_lag")]
    pub replica: Vec<String>,

    /// Start no batch while more sessions of others than this are active on the server
    ///
    /// Sessions that rotate do not count.
    #[arg(long, value_name = "N")]
    pub max_active: Option<u32>,

    /// Start no batch while the first value that this query returns is true or above 0
    ///
    /// No row, NULL, false, 0 and less let the run go on. It is run twice a second, in a read-only
    /// transaction, and has to answer within 5 seconds.
    #[arg(long, value_name = "SQL")]
    pub throttle_query: Option<String>,

    /// Start batches only within these hours of the day, as 22:00-06:00
    ///
    /// By the server's clock, in the time zone of PGTZ or else of the session.
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub between: Option<Between>,

    /// Do not wait for this: wraparound is an autovacuum that prevents it in the table
    ///
    /// The run then adds to what that has to freeze.
    #[arg(long, value_name = "THROTTLE", value_enum)]
    pub ignore: Vec<Ignored>,
}

/// What counts though nobody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ignored {
    Wraparound,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        throttles: ThrottleOptions,
    }

    fn parse(words: &[&str]) -> Result<ThrottleOptions, clap::Error> {
        Line::try_parse_from([&["run"], words].concat()).map(|line| line.throttles)
    }

    #[test]
    fn a_replica_without_a_limit_is_a_mistake() {
        assert!(parse(&["--replica", "a"]).is_err());
    }
}
