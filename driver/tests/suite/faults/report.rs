//! What a campaign has come to.

use std::fmt;
use std::time::Duration;

use super::kind::Kind;
use super::schedule::Schedule;
use super::violations;
use crate::common::Database;

pub struct Struck {
    pub kind: Kind,
    pub in_a_batch: u64,
    /// Seconds; None where the fault cannot be brought about on this machine.
    pub lost: Option<f64>,
}

pub struct Report {
    pub schedule: Schedule,
    pub struck: Vec<Struck>,
    pub crashes_at_the_end: u64,
    pub drivers_started_again: u64,
    pub drivers_gave_up: Vec<String>,
    /// Transactions beside the run.
    pub traffic: Vec<(&'static str, u64)>,
    pub took: Duration,
    pub counts: Vec<(&'static str, String)>,
    pub violations: Vec<&'static str>,
}

/// All from the audit and the ledger.
const COUNTS: [(&str, &str); 10] = [
    ("tickets rotated", "SELECT count(*) FROM rotated"),
    ("tickets swept", "SELECT sum(tickets) FROM ticket_rotation_batch WHERE sweep > 0"),
    ("tickets of the run deleted meanwhile", "SELECT count(*) FROM leaked JOIN deleted USING (id)"),
    ("tokens written by the application", "SELECT count(*) FROM rewritten"),
    ("runs cancelled", "SELECT count(*) FROM ticket_rotation WHERE state = 'cancelled'"),
    ("batches committed", "SELECT count(*) FROM ticket_rotation_batch WHERE sweep = 0"),
    (
        "batches replayed",
        "SELECT count(DISTINCT transaction_id) FROM (
             SELECT transaction_id,
                    lag(transaction_id) OVER (PARTITION BY run_id, id ORDER BY transaction_id) AS earlier
             FROM rotated_in_run WHERE id NOT IN (SELECT id FROM rewritten)) AS change
         WHERE earlier IS NOT NULL",
    ),
    (
        "tickets doubled",
        "SELECT count(*) FROM (SELECT FROM rotated_in_run WHERE id NOT IN (SELECT id FROM rewritten)
                               GROUP BY run_id, id HAVING count(*) > 1) AS doubled",
    ),
    (
        "tickets skipped",
        "SELECT count(*) FROM leaked JOIN ticket USING (id)
         WHERE NOT EXISTS (SELECT FROM rotated WHERE id = leaked.id)",
    ),
    ("verified", "SELECT verified FROM verify_ticket_rotation()"),
];

impl Report {
    pub fn examine(&mut self, database: &Database) {
        self.violations = violations::find(database);
        self.counts = COUNTS.map(|(name, query)| (name, database.one(query))).into();
        if !self.counts.contains(&("verified", "true".into())) {
            self.violations.push("not verified");
        }
        if self.struck.len() < self.schedule.strikes.len() {
            self.violations.push("ended before the last fault");
        }
        if self.traffic.iter().any(|(_, times)| *times == 0) {
            self.violations.push("no traffic of some kind");
        }
        if !self.drivers_gave_up.is_empty() {
            self.violations.push("a driver gave up");
        }
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.lost {
            Some(lost) => write!(f, "{}, {} in a batch, {lost:.2} s lost", self.kind.name(), self.in_a_batch),
            None => write!(f, "{}: skipped, it takes root to mount a small file system", self.kind.name()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (took, Schedule { seed, drivers, ranges, .. }) = (self.took.as_secs(), &self.schedule);
        writeln!(f, "seed {seed}: {drivers} drivers and a cron-like caller on {ranges} ranges, {took} s\n")?;
        let [median, most] = ["lost: median", "at most"];
        writeln!(f, "{:<37} {:>5} {:>12} {median:>13} {most:>9}", "fault", "times", "in a batch")?;
        for kind in Kind::all() {
            write_times(f, kind.name(), self.struck.iter().filter(|struck| struck.kind == kind))?;
        }
        write_times(f, "all", self.struck.iter())?;
        writeln!(f)?;
        for (name, value) in &self.counts {
            writeln!(f, "{name:<37} {value:>9}")?;
        }
        writeln!(f, "{:<37} {:>9}", "crashes while the run was finished", self.crashes_at_the_end)?;
        writeln!(f, "{:<37} {:>9}", "drivers started again", self.drivers_started_again)?;
        for (name, times) in &self.traffic {
            writeln!(f, "beside it: {name:<26} {times:>9}")?;
        }
        self.drivers_gave_up.iter().try_for_each(|said| writeln!(f, "a driver gave up: {said}"))?;
        writeln!(f, "violations: {:?}", self.violations)
    }
}

/// Nothing for a fault that did not come about.
fn write_times<'a>(
    f: &mut fmt::Formatter,
    name: &str,
    struck: impl Iterator<Item = &'a Struck>,
) -> fmt::Result {
    let struck: Vec<_> = struck.filter(|struck| struck.lost.is_some()).collect();
    let mut lost: Vec<f64> = struck.iter().filter_map(|struck| struck.lost).collect();
    lost.sort_by(f64::total_cmp);
    let Some(most) = lost.last() else { return Ok(()) };
    let (times, median) = (lost.len(), lost[lost.len() / 2]);
    let in_a_batch = struck.iter().filter(|struck| struck.in_a_batch > 0).count();
    writeln!(f, "{name:<37} {times:>5} {in_a_batch:>12} {median:>11.2} s {most:>7.2} s")
}
