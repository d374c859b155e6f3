//! Starts a run, or finds the one that is to be continued.

use postgres::error::SqlState;

use crate::error::Error;
use crate::progress::Progress;
use crate::session::Session;

/// Where the answer to a start was lost, a run that is newer than before the first attempt is the one that was asked
/// for.
pub struct Start {
    new: bool,
    /// The newest run at the first attempt, if there was any.
    before: Option<Option<i64>>,
}

impl Start {
    pub fn new(new: bool) -> Self {
        Self { new, before: None }
    }

    /// Whether there is a run to work on.
    pub fn attempt(&mut self, session: &mut Session) -> Result<bool, Error> {
        let newest = session.progress()?.map(|row| Progress::from(&row).run_id);
        let started = *self.before.get_or_insert(newest) != newest;
        if started || newest.is_some() && !self.new {
            return Ok(true);
        }
        match session.start() {
            // Another driver was quicker.
            Err(error) if !self.new && error.code() == Some(&SqlState::OBJECT_IN_USE) => Ok(true),
            Err(error) if !self.new && error.code() == Some(&SqlState::NO_DATA_FOUND) => Ok(false),
            started => started.map(|_| true),
        }
    }
}
