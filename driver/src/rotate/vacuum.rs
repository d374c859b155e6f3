//! VACUUM beside the workers, which go on as long as it keeps up with them: all but one, where there are several.
//!
//! It has a connection of its own: it cannot run in a transaction, so that only settings of the session lift the role's
//! time limits, and a pooler would pass those on to others. Another connection meanwhile looks who waits behind it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::report::Report;
use super::shared::Shared;
use crate::error::Error;
use crate::session::{Link, Session};
use crate::vacuum::Vacuums;

/// With the time that a cancellation takes, nobody waits for longer than two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The connections of the last VACUUM, for the next one: new ones for each cost the server as much as a tenth of it.
#[derive(Default)]
pub struct Kept(Mutex<Option<Links>>);

struct Links {
    vacuum: Link,
    look: Link,
}

impl Kept {
    fn replace(&self, links: Option<Links>) -> Option<Links> {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), links)
    }
}

/// Before a batch of `next` tickets. The count of batches is a guess, as the last one of a range is smaller. Where
/// VACUUM is due it has to be true.
pub fn is_due(link: &mut Link, vacuums: &Vacuums, next: i32) -> Result<bool, Error> {
    if !vacuums.pacing().is_due(next) {
        return Ok(false);
    }
    if let Some(progress) = link.attempt(Session::progress)? {
        vacuums.pacing().observe(&progress);
    }
    Ok(vacuums.pacing().begin(next))
}

/// One VACUUM, after which it is gone.
pub struct Vacuum {
    pub shared: Arc<Shared>,
    /// What its connections are made after.
    pub template: Link,
    pub reports: Sender<Report>,
}

impl Vacuum {
    pub fn run(self) {
        let Some(vacuums) = &self.shared.vacuums else {
            return;
        };
        let mut links = self.shared.vacuum_links.replace(None).unwrap_or_else(|| Links {
            vacuum: self.template.sibling_with(vacuums.options.clone()),
            look: self.template.sibling(),
        });
        let (vacuumed, gave_way) = links.vacuum(vacuums);
        vacuums.pacing().end(gave_way || matches!(vacuumed, Ok(false)));
        let news = if gave_way {
            let text = "VACUUM was cancelled, since a session waited for the table; it is tried again later";
            Some(text.to_owned())
        } else {
            links.news(vacuums, vacuumed)
        };
        self.shared.vacuum_links.replace(Some(links));
        if let Some(news) = news {
            // Nobody listens any more if the output is closed.
            let _ = self.reports.send(Report::Note(news));
        }
    }
}

/// Even where it panics: the crew waits until all have gone.
impl Drop for Vacuum {
    fn drop(&mut self) {
        let _ = self.reports.send(Report::Gone);
    }
}

impl Links {
    /// What became of it, and whether it gave way to somebody who waited for the table: as autovacuum does.
    fn vacuum(&mut self, vacuums: &Vacuums) -> (Result<bool, Error>, bool) {
        let Self { vacuum, look } = self;
        let (stop, statement) = (vacuum.stop(), vacuums.statement.as_str());
        let mut asked_for = false;
        let vacuumed = thread::scope(|scope| {
            // It disconnects when the thread ends, however that is.
            let (alive, ended) = mpsc::channel::<()>();
            let vacuum = scope.spawn(move || {
                let _alive = alive;
                vacuum.attempt_cancellable(|session| session.vacuum(statement))
            });
            while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                // Where that cannot be seen, it goes on as before.
                if look.attempt(|session| session.blocks_others(statement)).unwrap_or(false) {
                    asked_for = true;
                    stop();
                }
            }
            vacuum.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let gave_way = asked_for && vacuumed.as_ref().is_err_and(Error::is_cancelled_query);
        (vacuumed, gave_way)
    }

    /// The run takes no harm from a VACUUM that failed, or that could remove nothing.
    fn news(&mut self, vacuums: &Vacuums, vacuumed: Result<bool, Error>) -> Option<String> {
        match vacuumed {
            Err(_) if self.look.interrupted().is_some() => None,
            Err(error) => Some(format!("VACUUM failed, the run goes on: {error}")),
            // It is tried again soon.
            Ok(false) if !vacuums.pacing().is_late() => None,
            Ok(vacuumed) => {
                let oldest = vacuums.pacing().oldest_transaction();
                let obstacle = self.look.attempt(|session| session.vacuum_obstacle(oldest, !vacuumed));
                let obstacle = obstacle.unwrap_or_default()?;
                Some(format!("VACUUM cannot remove old rows, because of {obstacle}"))
            }
        }
    }
}
