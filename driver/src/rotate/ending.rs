//! How a rotation ended.

use crate::display::Event;
use crate::exit::Exit;
use crate::progress::Snapshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    /// Before this driver came.
    AlreadyFinished,
    Interrupted(i32),
    Paused,
    Cancelled,
}

pub struct Ending {
    pub outcome: Outcome,
    /// This driver's own.
    pub batches: u64,
    /// Rotated since it came, whoever did it.
    pub tickets: i64,
    pub last: Option<Snapshot>,
}

impl Outcome {
    pub fn event(self) -> Event {
        match self {
            Self::Finished => Event::Finished,
            Self::AlreadyFinished => Event::AlreadyFinished,
            Self::Interrupted(_) => Event::Interrupted,
            Self::Paused => Event::Paused,
            Self::Cancelled => Event::Cancelled,
        }
    }

    pub fn exit(self) -> Exit {
        match self {
            Self::Finished | Self::AlreadyFinished => Exit::Finished,
            Self::Interrupted(signal) => Exit::Signal(signal),
            Self::Paused | Self::Cancelled => Exit::Stopped,
        }
    }
}
