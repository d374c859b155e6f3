//! What a campaign has come to.

use std::fmt;
use std::time::Duration;

use crate::database::Database;
use crate::oracle;

use super::schedule::{Kind, Schedule};

pub struct Struck {
    pub kind: Kind,
    pub in_a_batch: u64,
    /// Seconds; None where the fault cannot be brought about on this machine.
    pub lost: Option<f64>,
}

pub struct Report {
    schedule: Schedule,
    struck: Vec<Struck>,
    traffic: Vec<(&'static str, u64)>,
    took: Duration,
    pub drivers_started_again: u64,
    pub drivers_gave_up: Vec<String>,
    pub violations: Vec<&'static str>,
    counts: Vec<(&'static str, String)>,
}

/// All from the audit and the ledger.
const COUNTS: [(&str, &str); 8] = [
    ("tickets rotated", "SELECT count(*) FROM rotated"),
    ("tickets swept up that were in flight", "SELECT sum(tickets) FROM ticket_rotation_batch WHERE sweep"),
    ("tickets of the run deleted meanwhile", "SELECT count(*) FROM leaked JOIN deleted USING (id)"),
    ("batches committed", "SELECT count(*) FROM ticket_rotation_batch WHERE NOT sweep"),
    (
        "batches replayed",
        "SELECT count(DISTINCT transaction_id) FROM (
             SELECT transaction_id, lag(transaction_id) OVER (PARTITION BY id ORDER BY transaction_id) AS earlier
             FROM rotated) AS change
         WHERE earlier IS NOT NULL",
    ),
    (
        "tickets doubled",
        "SELECT count(*) FROM (SELECT FROM rotated GROUP BY id HAVING count(*) > 1) AS doubled",
    ),
    (
        "tickets skipped",
        "SELECT count(*) FROM leaked JOIN ticket USING (id)
         WHERE NOT EXISTS (SELECT FROM rotated WHERE id = leaked.id)",
    ),
    ("verified", "SELECT verified FROM verify_ticket_rotation()"),
];

impl Report {
    pub fn new(
        schedule: Schedule,
        struck: Vec<Struck>,
        traffic: Vec<(&'static str, u64)>,
        took: Duration,
    ) -> Self {
        Self {
            schedule,
            struck,
            traffic,
            took,
            drivers_started_again: 0,
            drivers_gave_up: Vec::new(),
            violations: Vec::new(),
            counts: Vec::new(),
        }
    }

    pub fn examine(&mut self, database: &Database) {
        self.violations = oracle::violations(database);
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

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Struck> {
        self.struck.iter().filter(move |struck| struck.kind == kind)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (faults, seed) =
            (self.struck.iter().filter(|struck| struck.lost.is_some()).count(), self.schedule.seed);
        writeln!(
            f,
            "{faults} faults in {:.0} s, seed {seed}: {} drivers and a cron-like caller on {} ranges",
            self.took.as_secs_f64(),
            self.schedule.drivers,
            self.schedule.ranges
        )?;
        writeln!(
            f,
            "\n{:<38} {:>5}  {:>10}  {:>9}  {:>9}",
            "fault", "times", "in a batch", "lost (med)", "(max)"
        )?;
        for kind in Kind::ALL {
            write_kind(f, kind, self.of(kind))?;
        }
        writeln!(f)?;
        for (name, value) in &self.counts {
            writeln!(f, "{name:<38} {value:>8}")?;
        }
        writeln!(f, "{:<38} {:>8}", "drivers started again", self.drivers_started_again)?;
        for (name, times) in &self.traffic {
            writeln!(f, "beside the run: {name:<28} {times:>3}")?;
        }
        self.drivers_gave_up.iter().try_for_each(|said| writeln!(f, "a driver gave up: {said}"))?;
        writeln!(f, "violations: {:?}", self.violations)
    }
}

fn write_kind<'a>(
    f: &mut fmt::Formatter,
    kind: Kind,
    struck: impl Iterator<Item = &'a Struck>,
) -> fmt::Result {
    let struck: Vec<_> = struck.collect();
    let mut lost: Vec<f64> = struck.iter().filter_map(|struck| struck.lost).collect();
    lost.sort_by(f64::total_cmp);
    match lost.last() {
        None if struck.is_empty() => Ok(()),
        None => writeln!(f, "{:<38} skipped: it takes root to mount a small file system", kind.name()),
        Some(longest) => {
            let in_a_batch = struck.iter().filter(|struck| struck.in_a_batch > 0).count();
            let median = lost[lost.len() / 2];
            writeln!(
                f,
                "{:<38} {:>5}  {in_a_batch:>10}  {median:>8.2} s  {longest:>7.2} s",
                kind.name(),
                lost.len()
            )
        }
    }
}
