//! The options that say how hard a run works.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::batch_size::Goal;
use super::vacuum_every::{VacuumEvery, vacuum_every};
use crate::duration;

/// Longer batches are no faster: the WAL of one then outgrows `wal_buffers`, and sessions wait for it to be written.
/// Shorter ones keep tickets locked for less long.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// With 50 ms a run of the plain-SQL edition takes 4 % longer, with 100 ms as long.
const BATCH_TIME_AFTER_CHECKS: Duration = Duration::from_millis(75);
const BATCH_TIME_AFTER_ROUNDS: Duration = Duration::from_millis(500);

#[derive(Args, Clone, Copy)]
pub struct PaceOptions {
    /// Connections that rotate side by side, each in a range of its own
    ///
    /// More than the server has cores is of no use.
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = workers)]
    pub workers: usize,

    /// Tickets per transaction, 1 to 100000, or as many as fit into --batch-time
    #[arg(long, value_name = "N|auto", default_value = "auto", value_parser = batch)]
    pub batch: Batch,

    /// How long a batch should take, with --batch auto [default: 50ms]
    ///
    /// It is 75ms in plain SQL, and 500ms from the coordinator of a table that Citus keeps, where a
    /// batch takes longer to begin.
    #[arg(long, value_name = "TIME", value_parser = batch_time)]
    pub batch_time: Option<Duration>,

    /// Rest after each batch for R times the time it took: 0 to 100, also 0.5
    ///
    /// Leaves room for the application where nothing says when it needs some: with 1 a worker is at
    /// work half of the time, with 3 a quarter.
    #[arg(long, value_name = "R", default_value_t = 0.0, value_parser = nice)]
    pub nice: f64,

    /// Whether each batch is on disk before the next one begins
    ///
    /// With off, a crash of the server may undo the last batches, tokens and ledger together: they
    /// are rotated again. That a run is finished is only said once all of it is on disk.
    #[arg(long, value_enum, default_value_t)]
    pub synchronous_commit: SynchronousCommit,

    /// Run VACUUM each time so many of the tickets are done, as 1% to 100% of them
    ///
    /// The table then grows by this part and up to two thirds more, and is not doubled. It runs beside the only
    /// worker, or in the place of one of several, on two connections more; the others wait only when they get far
    /// ahead. Left out for fewer than 100000 tickets, and where the role may not vacuum the table. A signal to stop
    /// cancels it.
    #[arg(long, value_name = "PERCENT|off", default_value = "15%", value_parser = vacuum_every)]
    pub vacuum_every: VacuumEvery,
}

/// What a batch does before its first ticket and after its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preamble {
    /// Nothing that takes long.
    None,
    /// It checks session and target anew, as plain SQL cannot remember: some 2 ms.
    Checks,
    /// It goes to other nodes, and commits in two phases: some 70 ms, however few its tickets.
    Rounds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    Auto,
    Fixed(i32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SynchronousCommit {
    /// As the server's setting has it
    On,
    #[default]
    Off,
}

impl PaceOptions {
    pub fn goal(&self) -> Goal {
        match self.batch {
            Batch::Auto => Goal::Time(self.batch_time.unwrap_or(BATCH_TIME)),
            Batch::Fixed(size) => Goal::Fixed(size),
        }
    }

    /// What was asked for stays.
    pub fn after(self, preamble: Preamble) -> Self {
        let longer = match preamble {
            Preamble::None => None,
            Preamble::Checks => Some(BATCH_TIME_AFTER_CHECKS),
            Preamble::Rounds => Some(BATCH_TIME_AFTER_ROUNDS),
        };
        Self { batch_time: self.batch_time.or(longer), ..self }
    }
}

pub fn workers(text: &str) -> Result<usize, String> {
    within(text, 1, 64).map(|workers| workers as usize)
}

fn batch(text: &str) -> Result<Batch, String> {
    match text {
        "auto" => Ok(Batch::Auto),
        _ => within(text, 1, 100_000).map(Batch::Fixed),
    }
}

pub fn batch_time(text: &str) -> Result<Duration, String> {
    let bounds = Duration::from_millis(10)..=Duration::from_mins(1);
    let time = duration::parse(text)?;
    bounds.contains(&time).then_some(time).ok_or_else(|| "it is not between 10ms and 60s".to_owned())
}

pub fn nice(text: &str) -> Result<f64, String> {
    let nice = text.parse().ok().filter(|nice| (0.0..=100.0).contains(nice));
    nice.ok_or_else(|| format!("{text} is not in 0..=100"))
}

fn within(text: &str, least: i32, most: i32) -> Result<i32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{text} is not in {least}..={most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_a_number_or_auto() {
        assert_eq!(["auto", "1", "100000"].map(|text| batch(text).is_ok()), [true; 3]);
        assert_eq!(["", "0", "100001", "-5", "many"].map(|text| batch(text).is_ok()), [false; 5]);
    }

    #[test]
    fn a_batch_time_that_was_asked_for_stays() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            pace: PaceOptions,
        }
        let goal = |options: &[&str], preamble| {
            let cli: Cli = clap::Parser::parse_from([&["run"], options].concat());
            cli.pace.after(preamble).goal()
        };
        let time = |millis| Goal::Time(Duration::from_millis(millis));
        assert_eq!(goal(&[], Preamble::None), time(50));
        assert_eq!(goal(&[], Preamble::Checks), time(75));
        assert_eq!(goal(&[], Preamble::Rounds), time(500));
        assert_eq!(goal(&["--batch-time", "50ms"], Preamble::Rounds), time(50));
    }

    #[test]
    fn nice_may_be_a_fraction() {
        assert_eq!(["0", "0.5", "100"].map(|text| nice(text).is_ok()), [true; 3]);
        assert_eq!(["", "-1", "100.1", "NaN", "inf", "very"].map(|text| nice(text).is_ok()), [false; 6]);
    }

    #[test]
    fn a_batch_takes_from_a_hundredth_of_a_second_to_a_minute() {
        assert_eq!(["10ms", "60s", "1"].map(|text| batch_time(text).is_ok()), [true; 3]);
        assert_eq!(["9ms", "61s", "0"].map(|text| batch_time(text).is_ok()), [false; 3]);
    }
}
