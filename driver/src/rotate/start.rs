//! Starts a run, or finds the one that is to be continued.

use crate::error::Error;
use crate::session::Session;

/// Which run is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// The one that was interrupted; another one where there was none yet.
    Continue,
    New,
    /// The one that has finished, once more.
    Sweep,
}

/// Where the answer to a start was lost, a run that is newer than before the first attempt is the one that was asked
/// for.
pub struct Start {
    begin: Begin,
    /// The newest run at the first attempt, if there was any.
    before: Option<Option<i64>>,
}

impl Start {
    pub fn new(begin: Begin) -> Self {
        Self { begin, before: None }
    }

    /// Whether there is a run to work on.
    pub fn attempt(&mut self, session: &mut Session) -> Result<bool, Error> {
        let newest = session.progress()?;
        if self.begin == Begin::Sweep {
            // One that is swept goes on; so does one that was opened by an attempt whose answer was lost.
            let is_sweeping = newest.is_some_and(|progress| progress.is_sweeping());
            return if is_sweeping { Ok(true) } else { session.sweep().map(|_| true) };
        }
        let newest = newest.map(|progress| progress.run_id);
        let started = *self.before.get_or_insert(newest) != newest;
        if started || newest.is_some() && self.begin != Begin::New {
            return Ok(true);
        }
        if self.begin == Begin::New {
            return session.start().map(|_| true);
        }
        session.start_first()?;
        Ok(session.progress()?.is_some())
    }
}
