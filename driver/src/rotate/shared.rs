//! What the workers of one driver share between two batches: whose turn it is to poll the server, what the last
//! observation found, and how many of them there are.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::monitor::{Monitor, Observation};
use super::vacuum::Kept;
use crate::pace::{BatchSize, Goal, PaceOptions, Tuning};
use crate::progress::Progress;
use crate::vacuum::Vacuums;

/// A rest is taken in steps, so that it ends soon after its reason.
const STEP: Duration = Duration::from_millis(100);

pub struct Shared {
    pub options: PaceOptions,
    /// None: none is worth while, or this role may not.
    pub vacuums: Option<Vacuums>,
    pub vacuum_links: Kept,
    /// Held by the worker that polls. The others do not wait for it.
    monitor: Mutex<Monitor>,
    found: Mutex<Found>,
}

struct Found {
    active: bool,
    tuning: Tuning,
    throttled: bool,
    sweeping: bool,
    workers: usize,
    /// Workers that wait for what somebody holds, and what the last of them was told.
    held_up: usize,
    held_by: Option<String>,
    /// Whether more workers may be wanted than there are.
    may_need_workers: bool,
}

impl Shared {
    pub fn new(
        options: PaceOptions,
        vacuums: Option<Vacuums>,
        monitor: Monitor,
        observation: &Observation,
    ) -> Self {
        let found = Found {
            active: true,
            tuning: Tuning::default(),
            throttled: false,
            sweeping: false,
            workers: 0,
            held_up: 0,
            held_by: None,
            may_need_workers: true,
        };
        let (monitor, found, vacuum_links) = (Mutex::new(monitor), Mutex::new(found), Kept::default());
        let shared = Self { options, vacuums, vacuum_links, monitor, found };
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
        let (mut found, tuning) = (self.found(), observation.tuning());
        found.may_need_workers |= tuning.workers != found.tuning.workers;
        found.active = observation.is_active();
        found.tuning = tuning;
        found.throttled = observation.throttled_by.is_some();
        found.sweeping = observation.progress.as_ref().is_some_and(Progress::is_sweeping);
        drop(found);
        if let (Some(vacuums), Some(progress)) = (&self.vacuums, &observation.progress) {
            vacuums.pacing().observe(progress);
        }
    }

    pub fn goal(&self) -> Goal {
        self.found().tuning.goal(&self.options)
    }

    /// The size of the next batch: towards the goal, and small enough for VACUUM to keep up with all workers.
    pub fn adjust(&self, batch: BatchSize) -> BatchSize {
        let tuning = self.found().tuning;
        let batch = batch.aim_for(tuning.goal(&self.options));
        let Some(vacuums) = &self.vacuums else {
            return batch;
        };
        batch.at_most(vacuums.pacing().largest_batch(tuning.workers(&self.options)))
    }

    /// What a batch takes is then the time to look for tickets, whatever its size.
    pub fn is_sweeping(&self) -> bool {
        self.found().sweeping
    }

    pub fn workers(&self) -> usize {
        self.found().workers
    }

    pub fn may_need_workers(&self) -> bool {
        self.found().may_need_workers
    }

    /// How many workers are to begin: no more than can rotate side by side.
    pub fn hire(&self, ranges: usize) -> usize {
        let mut found = self.found();
        let more = found.tuning.workers(&self.options).min(ranges.max(1)).saturating_sub(found.workers);
        (found.workers, found.may_need_workers) = (found.workers + more, false);
        more
    }

    /// Whether the caller is one worker too many, and to end.
    pub fn dismiss(&self) -> bool {
        let mut found = self.found();
        let surplus = found.workers > found.tuning.workers(&self.options);
        found.workers -= usize::from(surplus);
        surplus
    }

    /// A worker waits for what somebody holds.
    pub fn held_up(&self, reason: String) {
        let mut found = self.found();
        found.held_up += 1;
        found.held_by = Some(reason);
    }

    /// A worker waits no longer.
    pub fn goes_on(&self) {
        self.found().held_up -= 1;
    }

    /// What the run waits for, where none of the workers rotates.
    pub fn held_up_by(&self) -> Option<String> {
        let found = self.found();
        found.held_by.clone().filter(|_| found.held_up > 0 && found.held_up >= found.workers)
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
        let left = worked.mul_f64(found.tuning.nice(&self.options)).saturating_sub(rested);
        (found.active && !left.is_zero()).then(|| left.min(STEP))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
