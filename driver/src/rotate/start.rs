//! Starts a run, or finds the one that is to be continued.

use postgres::error::SqlState;

use crate::console::note;
use crate::error::Error;
use crate::progress::Progress;
use crate::session::{Session, StartOptions};

/// Which run is worked on.
#[derive(Debug, PartialEq, Eq)]
pub enum Begin {
    /// The one that was interrupted; another one where there was none yet.
    Continue(StartOptions),
    New(StartOptions),
    /// The one that has finished, once more.
    Sweep,
}

/// Where the answer to a start was lost, a run that is newer than before the first attempt is the one that was asked
/// for.
pub struct Start<'a> {
    begin: &'a Begin,
    /// The newest run at the first attempt, if there was any.
    #[expect(clippy::option_option, reason = "no attempt yet, and no run before it")]
    before: Option<Option<i64>>,
}

impl<'a> Start<'a> {
    pub fn new(begin: &'a Begin) -> Self {
        Self { begin, before: None }
    }

    /// Whether there is a run to work on.
    pub fn attempt(&mut self, session: &mut Session) -> Result<bool, Error> {
        let newest = session.progress()?;
        let (options, is_new) = match self.begin {
            // One that is swept goes on; so does one that was opened by an attempt whose answer was lost.
            Begin::Sweep if newest.as_ref().is_some_and(Progress::is_sweeping) => return Ok(true),
            Begin::Sweep => return session.sweep().map(|_| true),
            Begin::Continue(options) => (options, false),
            Begin::New(options) => (options, true),
        };
        let run = newest.as_ref().map(|progress| progress.run_id);
        let started = *self.before.get_or_insert(run) != run;
        match newest {
            Some(_) if started => Ok(true),
            Some(progress) if !is_new => {
                warn_of_other_options(&progress, options);
                Ok(true)
            }
            _ if is_new => session.start(options).map(|_| true),
            _ if options.is_default() => {
                session.start_first()?;
                Ok(session.progress()?.is_some())
            }
            _ => start_first_with(session, options),
        }
    }
}

fn start_first_with(session: &mut Session, options: &StartOptions) -> Result<bool, Error> {
    match session.start(options) {
        // Another driver was quicker.
        Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::NO_DATA_FOUND) => Ok(false),
        started => started.map(|_| true),
    }
}

fn warn_of_other_options(progress: &Progress, options: &StartOptions) {
    let other = |asked: &Option<String>, own: &str| asked.as_ref().is_some_and(|asked| asked != own);
    if other(&options.key_column, &progress.key_column) || other(&options.format, &progress.token_format) {
        note(&format!(
            "run {} goes on as it was started: key {}, format {}",
            progress.run_id, progress.key_column, progress.token_format
        ));
    }
}
