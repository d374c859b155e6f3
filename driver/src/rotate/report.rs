//! What the workers tell the thread that shows their work.

use super::ending::Outcome;
use super::monitor::Observation;
use crate::error::Error;
use crate::session::Retrying;

pub enum Report {
    Batch,
    Observation(Observation),
    /// How many ranges are unfinished, where more workers may be wanted.
    Ranges(usize),
    Retrying(Retrying),
    Note(String),
    /// Why a worker ended that was not dismissed.
    Ended(Result<Outcome, Error>),
    /// A worker's last report, whatever became of it.
    Gone,
}
