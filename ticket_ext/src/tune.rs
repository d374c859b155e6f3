//! Changes how hard the drivers of a run work, while they do.

use pgrx::Spi;
use pgrx::datum::Interval;

use crate::context::Context;
use crate::error::TicketError;
use crate::run::Run;
use crate::target::TargetArgs;

/// Bounds in microseconds.
const BATCH_TIME: std::ops::RangeInclusive<i128> = 10_000..=60_000_000;

/// What is None stays as it is.
pub struct Tuning {
    pub batch_time: Option<Interval>,
    pub nice: Option<f64>,
    pub workers: Option<i32>,
}

impl Tuning {
    fn check(&self) -> Result<(), TicketError> {
        let micros = self.batch_time.as_ref().map(Interval::as_micros);
        if let Some(found) = micros.filter(|micros| !BATCH_TIME.contains(micros)) {
            return Err(TicketError::BatchTimeOutOfBounds { seconds: found as f64 / 1e6 });
        }
        if let Some(found) = self.nice.filter(|nice| !(0.0..=100.0).contains(nice)) {
            return Err(TicketError::NiceOutOfBounds { found });
        }
        match self.workers {
            Some(found) if !(1..=64).contains(&found) => Err(TicketError::WorkersOutOfBounds { found }),
            _ => Ok(()),
        }
    }

    fn is_empty(&self) -> bool {
        self.batch_time.is_none() && self.nice.is_none() && self.workers.is_none()
    }
}

/// Nothing given means: as each driver was told itself. Returns the id of the run.
pub fn tune(tuning: Tuning, args: &TargetArgs) -> Result<i64, TicketError> {
    tuning.check()?;
    Spi::connect_mut(|client| {
        let context = Context::for_control(client, args)?;
        let run = Run::require(client, &context)?;
        if !run.is_unfinished() {
            return Err(run.wrong_state(&context));
        }
        let id = run.id;
        if tuning.is_empty() {
            context.session.write(client, include_str!("queries/reset_run.sql"), &[id.into()])?;
            return Ok(id);
        }
        let Tuning { batch_time, nice, workers } = tuning;
        let args = [id.into(), batch_time.into(), nice.into(), workers.into()];
        context.session.write(client, include_str!("queries/tune_run.sql"), &args)?;
        Ok(id)
    })
}

/// What the drivers of the target's active run wait for; None: nothing any more.
pub fn note_wait(reason: Option<&str>, args: &TargetArgs) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let context = Context::for_control(client, args)?;
        let run = Run::require(client, &context)?;
        let args = [run.id.into(), reason.into()];
        context.session.write(client, include_str!("queries/note_wait.sql"), &args)?;
        Ok(run.id)
    })
}
