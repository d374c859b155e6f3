//! What the workers of one driver share between two batches: whose turn it is to look at the server, and what the
//! last look found.

use crate::error::Error;
use crate::load::Load;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::throttle::Throttles;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// Often enough for the eye; a batch costs far more than a look.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A rest is taken in steps, so that it ends soon after its reason.
const STEP: Duration = Duration::from_millis(100);

pub struct Control {
    watch: Mutex<Watch>,
    found: Mutex<Found>,
}

/// Held by the worker that looks. The others do not wait for it.
pub struct Watch {
    throttles: Throttles,
    looked: Instant,
}

pub struct Look {
    pub progress: Option<Progress>,
    /// Why no batch is to be started now.
    pub waits: Option<String>,
}

struct Found {
    nice: f64,
    waits: bool,
}

impl Watch {
    pub fn new(throttles: Throttles) -> Watch {
        Watch { throttles, looked: Instant::now() }
    }

    pub fn look(&mut self, session: &mut Session) -> Result<Look, Error> {
        self.looked = Instant::now();
        let progress = session.progress()?.as_ref().map(Progress::from);
        let reasons = self.throttles.read(session, Instant::now())?;
        // That a run is not active is for its next batch to find out.
        let active = progress.as_ref().is_some_and(|progress| progress.state == State::Active);
        Ok(Look { progress, waits: (active && !reasons.is_empty()).then(|| reasons.join("; ")) })
    }
}

impl Control {
    pub fn new(load: &Load, watch: Watch, look: &Look) -> Control {
        let found = Found { nice: load.nice, waits: look.waits.is_some() };
        Control { watch: Mutex::new(watch), found: Mutex::new(found) }
    }

    /// For one of the workers, when it is time to look.
    pub fn turn(&self) -> Option<MutexGuard<'_, Watch>> {
        let watch = match self.watch.try_lock() {
            Ok(watch) => watch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        (watch.looked.elapsed() >= LOOK_EVERY).then_some(watch)
    }

    pub fn saw(&self, look: &Look) {
        self.found().waits = look.waits.is_some();
    }

    /// The next step of the rest after a batch that took `worked`; None: it is over. Waiting is rest, too.
    pub fn rest(&self, worked: Duration, rested: Duration) -> Option<Duration> {
        let found = self.found();
        let left = worked.mul_f64(found.nice).saturating_sub(rested);
        (found.waits || !left.is_zero()).then(|| if found.waits { STEP } else { left.min(STEP) })
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
