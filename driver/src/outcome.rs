//! How a rotation ended.

use crate::display::Event;
use crate::exit::Exit;
use crate::tracker::Snapshot;

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

impl Outcome {
    pub fn event(self) -> Event {
        match self {
            Outcome::Finished => Event::Finished,
            Outcome::Interrupted(_) => Event::Interrupted,
            Outcome::Paused => Event::Paused,
            Outcome::Cancelled => Event::Cancelled,
        }
    }

    pub fn exit(self) -> Exit {
        match self {
            Outcome::Finished => Exit::Finished,
            Outcome::Interrupted(signal) => Exit::Signal(signal),
            Outcome::Paused | Outcome::Cancelled => Exit::Stopped,
        }
    }
}
