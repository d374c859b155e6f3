//! What the workers of one driver share between two batches: whose turn it is to look at the server, what the last
//! look found, and how many of them there are.

use super::monitor::{Look, Watch};
use crate::pace::{Asked, Load, Tuning};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// A rest is taken in steps, so that it ends soon after its reason.
const STEP: Duration = Duration::from_millis(100);

pub struct Control<'a> {
    load: &'a Load,
    /// Held by the worker that looks. The others do not wait for it.
    watch: Mutex<Watch>,
    found: Mutex<Found>,
}

struct Found {
    active: bool,
    tuning: Tuning,
    waits: bool,
    workers: usize,
    /// Whether more workers may be wanted than there are.
    short: bool,
}

impl Control<'_> {
    pub fn new<'a>(load: &'a Load, watch: Watch, look: &Look) -> Control<'a> {
        let found = Found { active: true, tuning: Tuning::default(), waits: false, workers: 0, short: true };
        let control = Control { load, watch: Mutex::new(watch), found: Mutex::new(found) };
        control.saw(look);
        control
    }

    /// For one of the workers, when it is time to look.
    pub fn turn(&self) -> Option<MutexGuard<'_, Watch>> {
        let watch = match self.watch.try_lock() {
            Ok(watch) => watch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        watch.is_due().then_some(watch)
    }

    pub fn saw(&self, look: &Look) {
        let mut found = self.found();
        found.short |= look.tuning.workers != found.tuning.workers;
        found.active = look.active_run().is_some();
        found.tuning = look.tuning;
        found.waits = look.waits.is_some();
    }

    pub fn asked(&self) -> Asked {
        self.found().tuning.asked(self.load)
    }

    /// How many workers there should be.
    pub fn workers(&self) -> usize {
        self.found().tuning.workers(self.load)
    }

    pub fn is_short(&self) -> bool {
        self.found().short
    }

    /// How many workers are to begin: no more than can rotate side by side.
    pub fn hire(&self, ranges: usize) -> usize {
        let mut found = self.found();
        let more = found.tuning.workers(self.load).min(ranges.max(1)).saturating_sub(found.workers);
        (found.workers, found.short) = (found.workers + more, false);
        more
    }

    /// Whether the caller is one worker too many, and to end.
    pub fn dismiss(&self) -> bool {
        let mut found = self.found();
        let surplus = found.workers > found.tuning.workers(self.load);
        found.workers -= usize::from(surplus);
        surplus
    }

    /// A worker has ended of its own accord.
    pub fn left(&self) {
        self.found().workers -= 1;
    }

    /// The next step of the rest after a batch that took `worked`; None: it is over. Waiting is rest, too.
    pub fn rest(&self, worked: Duration, rested: Duration) -> Option<Duration> {
        let found = self.found();
        if found.waits {
            return Some(STEP);
        }
        let left = worked.mul_f64(found.tuning.nice(self.load)).saturating_sub(rested);
        (found.active && !left.is_zero()).then(|| left.min(STEP))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
