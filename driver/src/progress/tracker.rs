//! Successive observations of a run, each with an estimate.

use std::time::{Duration, Instant};

use super::rate::Rate;
use super::{Progress, State};

/// A moment of a run, with this driver's estimate.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub progress: Progress,
    pub tickets_per_second: Option<f64>,
    pub remaining: Option<Duration>,
    /// Why the run waits.
    pub throttle: Option<String>,
}

/// Turns successive rows into snapshots.
pub struct Tracker {
    started: Instant,
    rate: Rate,
}

impl Tracker {
    pub fn new() -> Self {
        Self { started: Instant::now(), rate: Rate::default() }
    }

    /// What passes until the next observation counts as no work.
    pub fn skip_gap(&mut self) {
        self.rate.skip_gap();
    }

    pub fn observe(&mut self, progress: Progress, throttle: Option<String>) -> Snapshot {
        if progress.state == State::Paused || throttle.is_some() {
            self.skip_gap();
        } else {
            self.rate.observe(self.started.elapsed(), progress.done);
        }
        let remaining = progress.remaining().and_then(|tickets| self.rate.time_for(tickets));
        Snapshot { tickets_per_second: self.rate.per_second(), remaining, throttle, progress }
    }
}
