//! What the workers of one driver share between two batches: whose turn it is to poll the server, what the last
//! observation found, and how many of them there are.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::monitor::{Monitor, Observation};
use crate::pace::{Goal, PaceOptions, Tuning};

/// A rest is taken in steps, so that it ends soon after its reason.
const STEP: Duration = Duration::from_millis(100);

pub struct Shared<'a> {
    options: &'a PaceOptions,
    /// Held by the worker that polls. The others do not wait for it.
    monitor: Mutex<Monitor>,
    found: Mutex<Found>,
}

struct Found {
    active: bool,
    tuning: Tuning,
    throttled: bool,
    workers: usize,
    /// Whether more workers may be wanted than there are.
    may_need_workers: bool,
}

impl Shared<'_> {
    pub fn new<'a>(options: &'a PaceOptions, monitor: Monitor, observation: &Observation) -> Shared<'a> {
        let found = Found {
            active: true,
            tuning: Tuning::default(),
            throttled: false,
            workers: 0,
            may_need_workers: true,
        };
        let shared = Shared { options, monitor: Mutex::new(monitor), found: Mutex::new(found) };
        shared.update(observation);
        shared
    }

    /// For one of the workers, when it is time to poll.
    pub fn turn(&self) -> Option<MutexGuard<'_, Monitor>> {
        let monitor = match self.monitor.try_lock() {
            Ok(monitor) => monitor,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        monitor.is_due().then_some(monitor)
    }

    pub fn update(&self, observation: &Observation) {
        let mut found = self.found();
        found.may_need_workers |= observation.tuning.workers != found.tuning.workers;
        found.active = observation.active_run().is_some();
        found.tuning = observation.tuning;
        found.throttled = observation.throttled_by.is_some();
    }

    pub fn goal(&self) -> Goal {
        self.found().tuning.goal(self.options)
    }

    /// How many workers there should be.
    pub fn workers(&self) -> usize {
        self.found().tuning.workers(self.options)
    }

    pub fn may_need_workers(&self) -> bool {
        self.found().may_need_workers
    }

    /// How many workers are to begin: no more than can rotate side by side.
    pub fn hire(&self, ranges: usize) -> usize {
        let mut found = self.found();
        let more = found.tuning.workers(self.options).min(ranges.max(1)).saturating_sub(found.workers);
        (found.workers, found.may_need_workers) = (found.workers + more, false);
        more
    }

    /// Whether the caller is one worker too many, and to end.
    pub fn dismiss(&self) -> bool {
        let mut found = self.found();
        let surplus = found.workers > found.tuning.workers(self.options);
        found.workers -= usize::from(surplus);
        surplus
    }

    /// A worker has ended of its own accord.
    pub fn worker_ended(&self) {
        self.found().workers -= 1;
    }

    /// The next step of the rest after a batch that took `worked`; None: it is over. Waiting is rest, too.
    pub fn rest(&self, worked: Duration, rested: Duration) -> Option<Duration> {
        let found = self.found();
        if found.throttled {
            return Some(STEP);
        }
        let left = worked.mul_f64(found.tuning.nice(self.options)).saturating_sub(rested);
        (found.active && !left.is_zero()).then(|| left.min(STEP))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
