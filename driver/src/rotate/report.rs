//! What the workers tell the thread that shows their work.

use super::ending::Outcome;
use super::monitor::Observation;
use crate::error::Error;
use crate::session::Retrying;

pub enum Report {
    Batch,
    Observation(Observation),
    Retrying(Retrying),
    Note(String),
    Ended(Result<Outcome, Error>),
}
