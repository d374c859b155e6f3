//! What the workers tell the thread that shows their work.

use super::ending::Outcome;
use super::monitor::Observation;
use crate::error::Error;
use crate::session::Retrying;

pub enum Report {
    Batch,
    Observation(Box<Observation>),
    /// How many ranges are unfinished, where more workers may be wanted.
    Ranges(usize),
    /// A VACUUM is to be run.
    VacuumDue,
    Retrying(Retrying),
    Note(String),
    /// Why a worker ended that was not dismissed.
    Ended(Result<Outcome, Error>),
    /// The last report of a worker or a VACUUM, whatever became of it.
    Gone,
}
