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
    /// Why no batch is to be started now.
    pub throttled_by: Option<String>,
    /// Why none was committed lately: what throttles it, or what the workers wait for.
    pub waits_for: Option<String>,
    /// What is to be said besides, once each.
    pub remarks: Vec<String>,
}

impl Monitor {
    pub fn new(throttles: Throttles) -> Self {
        let (checkpoints, waiting_for) = (Checkpoints::default(), WaitingFor::default());
        Self { throttles, checkpoints, waiting_for, observed_at: Instant::now() }
    }

    /// `held_up_by`: what the workers wait for, where no throttle has a reason.
    pub fn observe(
        &mut self,
        session: &mut Session,
        held_up_by: Option<String>,
    ) -> Result<Observation, Error> {
        let now = Instant::now();
        self.observed_at = now;
        let progress = session.progress()?;
        let reasons = self.throttles.read(session, now)?;
        let mut observation =
            Observation { progress, throttled_by: None, waits_for: None, remarks: Vec::new() };
        if observation.is_active() {
            observation.throttled_by = (!reasons.is_empty()).then(|| reasons.join("; "));
            observation.waits_for = observation.throttled_by.clone().or(held_up_by);
            let published = self.waiting_for.publish(session, observation.waits_for.as_deref(), now)?;
            observation.remarks.extend(published);
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
    pub fn is_active(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.state == State::Active)
    }

    pub fn tuning(&self) -> Tuning {
        self.progress.as_ref().map_or(Tuning::default(), |progress| progress.tuning)
    }
}
