//! One run under a schedule of faults, with the application's traffic beside it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::oracle;

use super::disk::WalDisk;
use super::drivers::Drivers;
use super::older::Older;
use super::probe::{Probe, wait_for};
use super::report::{Report, Struck};
use super::schedule::{Schedule, Strike};
use super::traffic::{WRITERS, keep_on};
use super::{cron, injection::Outage};

/// On the average, twice in a batch.
const REST: u64 = 12;
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Campaign<'a> {
    pub database: &'a Database<'a>,
    pub probe: Probe<'a>,
    pub drivers: Drivers<'a>,
    pub wal_disk: Option<&'a WalDisk>,
    older: Option<Older>,
    struck: Vec<Struck>,
    started: Instant,
}

/// Ends the other threads, also where the campaign panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a> Campaign<'a> {
    /// Starts the run; `older`: while older transactions have tickets in flight.
    pub fn begin(
        database: &'a Database<'a>,
        schedule: &Schedule,
        wal_disk: Option<&'a WalDisk>,
        older: bool,
    ) -> Self {
        let older = older.then(|| Older::begin(database));
        database.one(&format!("SELECT start_ticket_rotation(ranges => {})", schedule.ranges));
        Self {
            database,
            probe: Probe::new(database),
            drivers: Drivers::start(database, schedule.drivers),
            wal_disk,
            older,
            struck: Vec::new(),
            started: Instant::now(),
        }
    }

    pub fn run(mut self, schedule: Schedule) -> Report {
        let (stop, counts) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; WRITERS.len()]);
        let (database, seed) = (self.database, schedule.seed);
        thread::scope(|scope| {
            let stopping = Stop(&stop);
            for (index, (_, writer)) in WRITERS.into_iter().enumerate() {
                let (stop, count) = (&stop, &counts[index]);
                scope.spawn(move || keep_on(database, seed + index as u64, writer, stop, count));
            }
            scope.spawn(|| cron::call_until(&stop, database, seed));
            self.strike_all(&schedule);
            self.finish();
            drop(stopping);
        });
        let traffic =
            WRITERS.iter().zip(&counts).map(|((name, _), count)| (*name, count.load(Ordering::Relaxed)));
        let took = self.started.elapsed();
        let mut report = Report::new(schedule, self.struck, traffic.collect(), took);
        report.drivers_started_again = self.drivers.restarts;
        report.drivers_gave_up = self.drivers.gave_up;
        report.examine(database);
        report
    }

    fn strike_all(&mut self, schedule: &Schedule) {
        self.wait_for_batches(20);
        if let Some(older) = &mut self.older {
            older.commit_open();
        }
        for (index, strike) in schedule.strikes.iter().enumerate() {
            if self.has_finished() {
                return;
            }
            if self.older.is_some() && index == schedule.late_commit {
                Older::commit_prepared(&mut self.probe);
            }
            self.strike(strike);
            self.keep_pace(index + 1, schedule.strikes.len());
        }
    }

    fn strike(&mut self, strike: &Strike) {
        self.wait_for_batches(strike.batches);
        thread::sleep(strike.delay);
        let in_a_batch = self.sessions_in_a_batch();
        let outage = self.inject(strike.kind, &mut strike.chance());
        let lost = outage.map(|outage| self.time_lost(&outage));
        let struck = Struck { kind: strike.kind, in_a_batch, lost };
        println!("{:>3}. {struck}", self.struck.len() + 1);
        self.struck.push(struck);
    }

    fn has_finished(&mut self) -> bool {
        self.probe.is_true("(SELECT state = 'finished' FROM batch_progress)")
    }

    /// Until the first batch after it.
    fn time_lost(&mut self, outage: &Outage) -> f64 {
        let next = format!(
            "SELECT extract(epoch FROM min(finished_at)) FROM ticket_rotation_batch
             WHERE finished_at > to_timestamp({:.6})",
            outage.until
        );
        let mut committed = None;
        self.wait("a batch after the fault", |campaign| {
            committed = campaign.probe.ask(&next).ok().and_then(|time| time.parse::<f64>().ok());
            committed.is_some()
        });
        committed.map_or(0.0, |time| time - outage.since)
    }

    fn wait_for_batches(&mut self, more: u64) {
        let count = "SELECT count(*) FROM ticket_rotation_batch";
        let mut enough = None;
        self.wait("some batches", |campaign| {
            let Some(count) = campaign.probe.number(count) else { return false };
            count >= *enough.get_or_insert(count + more)
        });
    }

    /// The run must not end before the last fault: it rests for longer where it is ahead of the faults.
    fn keep_pace(&mut self, strikes: usize, all: usize) {
        let share = "SELECT tickets_done::float8 / tickets_planned FROM batch_progress";
        let done: f64 = self.probe.ask(share).ok().and_then(|share| share.parse().ok()).unwrap_or(0.0);
        let ahead = done * all as f64 / strikes as f64;
        let rest = if strikes == all { 0 } else { (REST as f64 * ahead.max(1.0).powi(4)).min(1000.0) as u64 };
        self.probe.insist(&format!("UPDATE pace SET milliseconds = {rest}"));
    }

    fn finish(&mut self) {
        if self.older.is_some() && !self.probe.is_true("NOT EXISTS (SELECT FROM pg_prepared_xacts)") {
            Older::commit_prepared(&mut self.probe);
        }
        self.wait("the end of the run", |_| false);
        wait_for("the end of the drivers", PATIENCE, || {
            self.drivers.tend();
            self.drivers.have_finished()
        });
    }

    /// Looks after the drivers for some milliseconds.
    pub fn rest(&mut self, milliseconds: u64) {
        let start = Instant::now();
        wait_for("time to pass", PATIENCE, || {
            self.drivers.tend();
            start.elapsed() >= Duration::from_millis(milliseconds)
        });
    }

    /// Also ends with the run.
    #[track_caller]
    pub fn wait(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> bool) {
        wait_for(what, PATIENCE, || {
            self.drivers.tend();
            condition(self) || self.has_finished()
        });
    }
}

/// The audit is by statement, so that batches are as in a table without triggers.
pub fn prepare(database: &Database, tickets: u64) {
    let table = include_str!("table.sql").replace("{tickets}", &tickets.to_string());
    database.execute(&table.replace("{milliseconds}", &REST.to_string()));
    oracle::watch_statements(database);
}
