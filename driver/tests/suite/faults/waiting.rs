//! What a campaign waits for, while it looks after the drivers.

use std::time::{Duration, Instant};

use super::campaign::Campaign;
use super::injection::Outage;
use super::probe::wait_for;

/// Milliseconds; on the average, twice in a batch.
pub const REST: u64 = 12;
/// Longer rests would use up the time in which a batch may wait for locks.
const MOST_REST: f64 = 150.0;
pub const PATIENCE: Duration = Duration::from_mins(5);

impl Campaign<'_> {
    pub fn has_finished(&mut self) -> bool {
        self.probe.is_true("(SELECT state = 'finished' FROM ticket_rotation ORDER BY run_id DESC LIMIT 1)")
    }

    /// Until the first batch after it.
    pub fn time_lost(&mut self, outage: &Outage) -> f64 {
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

    pub fn wait_for_batches(&mut self, more: u64) {
        let count = "SELECT count(*) FROM ticket_rotation_batch";
        let mut enough = None;
        self.wait("some batches", |campaign| {
            let Some(count) = campaign.probe.number(count) else { return false };
            count >= *enough.get_or_insert(count + more)
        });
    }

    /// The run must not end before the last fault: it rests for longer where it is ahead of the faults.
    pub fn keep_pace(&mut self, strikes: usize, all: usize) {
        let share =
            "SELECT tickets_done::float8 / tickets_planned FROM batch_progress ORDER BY run_id DESC LIMIT 1";
        let done: f64 = self.probe.ask(share).ok().and_then(|share| share.parse().ok()).unwrap_or(0.0);
        let ahead = done * all as f64 / strikes as f64;
        let rest = if strikes == all { 0.0 } else { (REST as f64 * ahead.max(1.0).powi(4)).min(MOST_REST) };
        self.probe.insist(&format!("UPDATE pace SET milliseconds = {rest:.0}"));
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
