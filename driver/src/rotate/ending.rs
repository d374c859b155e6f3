//! How a rotation ended.

use postgres::error::SqlState;

use super::Rotation;
use crate::display::Event;
use crate::error::Error;
use crate::exit::Exit;
use crate::progress::{Snapshot, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    Interrupted(i32),
    Paused,
    Cancelled,
}

/// The batches are this driver's own.
pub struct Ending {
    pub outcome: Outcome,
    pub batches: u64,
    pub last: Option<Snapshot>,
}

impl Rotation<'_> {
    pub(super) fn end(mut self, outcome: Outcome) -> Result<Ending, Error> {
        self.view.show(outcome.event())?;
        Ok(Ending { outcome, batches: self.view.batches, last: self.view.last })
    }

    /// A request to cancel the batch may come too late for it and hit this instead. The outcome stands even
    /// if the server is gone for good by now.
    pub(super) fn last_observation(&mut self) -> Result<(), Error> {
        let looked = match self.progress() {
            Err(error) if error.is_cancelled_query() => self.progress(),
            looked => looked,
        };
        match looked {
            Err(Error::Interrupted(_) | Error::GaveUp { .. }) => {}
            looked => self.view.observe(looked?),
        }
        Ok(())
    }

    /// Not every error is one: someone may have asked for the run, or this driver, to stop.
    pub(super) fn reason_for(&mut self, error: Error) -> Result<Outcome, Error> {
        if let Some(signal) = self.signal_behind(&error) {
            return Ok(Outcome::Interrupted(signal));
        }
        if error.code() != Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) {
            return Err(error);
        }
        match self.progress()?.map(|progress| progress.state) {
            Some(State::Paused) => Ok(Outcome::Paused),
            Some(State::Cancelled) => Ok(Outcome::Cancelled),
            _ => Err(error),
        }
    }

    pub(super) fn signal_behind(&self, error: &Error) -> Option<i32> {
        match error {
            Error::Interrupted(signal) => Some(*signal),
            error => self.link.interrupted().filter(|_| error.is_cancelled_query()),
        }
    }
}

impl Outcome {
    fn event(self) -> Event {
        match self {
            Self::Finished => Event::Finished,
            Self::Interrupted(_) => Event::Interrupted,
            Self::Paused => Event::Paused,
            Self::Cancelled => Event::Cancelled,
        }
    }

    pub fn exit(self) -> Exit {
        match self {
            Self::Finished => Exit::Finished,
            Self::Interrupted(signal) => Exit::Signal(signal),
            Self::Paused | Self::Cancelled => Exit::Stopped,
        }
    }
}
