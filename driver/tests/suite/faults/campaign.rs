//! One run under a schedule of faults, with the application's traffic beside it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use fastrand::Rng;

use super::cron;
use super::disk::WalDisk;
use super::drivers::Drivers;
use super::kind::Kind;
use super::older_transactions::Older;
use super::probe::{Probe, wait_for};
use super::report::{Report, Struck};
use super::schedule::{Schedule, Strike};
use super::traffic::keep_on;
use super::waiting::PATIENCE;
use super::writers::{VERIFIER, WRITERS};
use crate::common::Database;

/// After the end of the run, beside all writers.
const VERIFICATIONS: u64 = 10;

const SWEEPING: &str = "(SELECT ranges_left = 0 FROM batch_progress ORDER BY run_id DESC LIMIT 1)
    AND EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())";

pub struct Campaign<'a> {
    pub database: &'a Database<'a>,
    pub probe: Probe<'a>,
    pub drivers: Drivers<'a>,
    pub wal_disk: Option<&'a WalDisk>,
    older: Option<Older>,
    struck: Vec<Struck>,
    crashes_at_the_end: u64,
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
        let older = older.then(|| {
            let schema = database.edition().schema();
            database.execute(&include_str!("slow_sweep.sql").replace("{schema}", schema));
            Older::begin(database)
        });
        database.one(&format!("SELECT start_ticket_rotation(ranges => {})", schedule.ranges));
        Self {
            database,
            probe: Probe::new(database),
            drivers: Drivers::start(database, schedule.drivers),
            wal_disk,
            older,
            struck: Vec::new(),
            crashes_at_the_end: 0,
            started: Instant::now(),
        }
    }

    pub fn run(mut self, schedule: Schedule) -> Report {
        let (stop, counts) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; WRITERS.len()]);
        let (database, seed) = (self.database, schedule.seed);
        let application = database.administrator();
        thread::scope(|scope| {
            let stopping = Stop(&stop);
            for (index, (_, writer)) in WRITERS.into_iter().enumerate() {
                let (application, stop, count) = (&application, &stop, &counts[index]);
                scope.spawn(move || keep_on(application, seed + index as u64, writer, stop, count));
            }
            scope.spawn(|| cron::call_until(&stop, database, seed));
            self.strike_all(&schedule);
            self.finish(&mut Rng::with_seed(seed));
            verify_beside_writers(&counts[VERIFIER]);
            drop(stopping);
        });
        let times = counts.iter().map(|count| count.load(Ordering::Relaxed));
        let mut report = Report {
            schedule,
            struck: self.struck,
            crashes_at_the_end: self.crashes_at_the_end,
            drivers_started_again: self.drivers.restarts,
            drivers_gave_up: self.drivers.gave_up,
            traffic: WRITERS.iter().map(|(name, _)| *name).zip(times).collect(),
            took: self.started.elapsed(),
            counts: Vec::new(),
            violations: Vec::new(),
        };
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
        let outage = self.inject(strike.kind, &mut strike.random());
        let lost = outage.map(|outage| self.time_lost(&outage));
        let struck = Struck { kind: strike.kind, in_a_batch, lost };
        println!("{:>3}. {struck}", self.struck.len() + 1);
        self.struck.push(struck);
    }

    /// Crashes also where the run is being finished: the sweep rests for it.
    fn finish(&mut self, random: &mut Rng) {
        if self.older.is_some() {
            for kind in [Kind::BackendKilled, Kind::PostmasterKilled] {
                self.wait("the sweep", |campaign| campaign.probe.is_true(SWEEPING));
                self.inject(kind, random);
                self.crashes_at_the_end += u64::from(!self.has_finished());
            }
        }
        self.wait("the end of the run", |_| false);
        wait_for("the end of the drivers", PATIENCE, || {
            self.drivers.tend();
            self.drivers.have_finished()
        });
    }
}

/// What is finished stays verified while the application goes on.
fn verify_beside_writers(verified: &AtomicU64) {
    let enough = verified.load(Ordering::Relaxed) + VERIFICATIONS;
    wait_for("verifications", PATIENCE, || verified.load(Ordering::Relaxed) >= enough);
}
