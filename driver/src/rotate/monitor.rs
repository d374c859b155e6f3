//! A look at the server: how far the run is, how hard it is to work, and whether it is to wait.

use super::checkpoints::Checkpoints;
use super::waiting_for::Notice;
use crate::error::Error;
use crate::pace::Tuning;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::throttle::Throttles;
use std::time::{Duration, Instant};

/// Often enough for the eye; a batch costs far more than a look.
const EVERY: Duration = Duration::from_millis(500);

/// What is remembered from look to look.
pub struct Watch {
    throttles: Throttles,
    checkpoints: Checkpoints,
    notice: Notice,
    looked: Instant,
}

pub struct Look {
    pub progress: Option<Progress>,
    pub tuning: Tuning,
    /// Why no batch is to be started now.
    pub waits: Option<String>,
    /// What is to be said besides, once each.
    pub remarks: Vec<String>,
}

impl Watch {
    pub fn new(throttles: Throttles) -> Watch {
        let (checkpoints, notice) = (Checkpoints::default(), Notice::default());
        Watch { throttles, checkpoints, notice, looked: Instant::now() }
    }

    pub fn look(&mut self, session: &mut Session) -> Result<Look, Error> {
        let now = Instant::now();
        self.looked = now;
        let row = session.progress()?;
        let tuning = row.as_ref().map(Tuning::from).unwrap_or_default();
        let progress = row.as_ref().map(Progress::from);
        let reasons = self.throttles.read(session, now)?;
        let mut look = Look { progress, tuning, waits: None, remarks: Vec::new() };
        if let Some(run_id) = look.active_run() {
            look.waits = (!reasons.is_empty()).then(|| reasons.join("; "));
            look.remarks.extend(self.notice.put_up(session, run_id, look.waits.as_deref(), now)?);
            look.remarks.extend(self.checkpoints.advice(session)?);
        }
        Ok(look)
    }

    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= EVERY
    }
}

impl Look {
    /// A run that is not active neither waits nor rests: what became of it is for its next batch to find out.
    pub fn active_run(&self) -> Option<i64> {
        let active = self.progress.as_ref().filter(|progress| progress.state == State::Active);
        active.map(|progress| progress.run_id)
    }
}
