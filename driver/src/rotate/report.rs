//! What the workers tell the thread that shows their work.

use super::ending::Outcome;
use crate::error::Error;
use crate::look::Look;
use crate::retry::Retrying;

pub enum Report {
    Batch,
    Look(Look),
    Retrying(Retrying),
    Note(String),
    Ended(Result<Outcome, Error>),
}
