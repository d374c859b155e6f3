//! Polling the server: how far the run is, how hard it is to work, and whether it is to wait.

use std::time::{Duration, Instant};

use super::checkpoints::Checkpoints;
use super::waiting_for::WaitingFor;
use crate::error::Error;
use crate::pace::Tuning;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::throttle::Throttles;

/// Often enough for the eye; a batch costs far more than an observation.
const EVERY: Duration = Duration::from_millis(500);

/// What is remembered from observation to observation.
pub struct Monitor {
    throttles: Throttles,
    checkpoints: Checkpoints,
    waiting_for: WaitingFor,
    observed_at: Instant,
}

#[derive(Clone)]
pub struct Observation {
    pub progress: Option<Progress>,
    pub tuning: Tuning,
    /// Why no batch is to be started now.
    pub throttled_by: Option<String>,
    /// What is to be said besides, once each.
    pub remarks: Vec<String>,
}

impl Monitor {
    pub fn new(throttles: Throttles) -> Self {
        let (checkpoints, waiting_for) = (Checkpoints::default(), WaitingFor::default());
        Self { throttles, checkpoints, waiting_for, observed_at: Instant::now() }
    }

    pub fn observe(&mut self, session: &mut Session) -> Result<Observation, Error> {
        let now = Instant::now();
        self.observed_at = now;
        let row = session.progress()?;
        let tuning = row.as_ref().map(Tuning::from).unwrap_or_default();
        let progress = row.as_ref().map(Progress::from);
        let reasons = self.throttles.read(session, now)?;
        let mut observation = Observation { progress, tuning, throttled_by: None, remarks: Vec::new() };
        if let Some(run_id) = observation.active_run() {
            observation.throttled_by = (!reasons.is_empty()).then(|| reasons.join("; "));
            observation.remarks.extend(self.waiting_for.publish(
                session,
                run_id,
                observation.throttled_by.as_deref(),
                now,
            )?);
            observation.remarks.extend(self.checkpoints.advice(session)?);
        }
        Ok(observation)
    }

    pub fn is_due(&self) -> bool {
        self.observed_at.elapsed() >= EVERY
    }
}

impl Observation {
    /// A run that is not active neither waits nor rests: what became of it is for its next batch to find out.
    pub fn active_run(&self) -> Option<i64> {
        let active = self.progress.as_ref().filter(|progress| progress.state == State::Active);
        active.map(|progress| progress.run_id)
    }
}
