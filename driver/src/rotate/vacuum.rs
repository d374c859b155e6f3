//! VACUUM between two batches of a worker, while the other workers go on.
//!
//! It has a connection of its own: it cannot run in a transaction, so that only settings of the session lift the role's
//! time limits, and a pooler would pass those on to others. The worker's connection meanwhile looks who waits behind
//! it.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::session::{Link, Session};
use crate::vacuum::Vacuums;

/// With the time that a cancellation takes, nobody waits for longer than two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Little beside what a VACUUM takes.
const STEP: Duration = Duration::from_millis(5);

/// The connection of the last VACUUM, for the next one: a new one for each costs the server as much as a tenth of it.
#[derive(Default)]
pub struct Kept(Mutex<Option<Link>>);

impl Kept {
    fn replace(&self, link: Option<Link>) -> Option<Link> {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), link)
    }
}

/// Before a batch of `next` tickets. Returns what is to be said of it.
pub fn run_if_due(
    link: &mut Link,
    kept: &Kept,
    vacuums: &Vacuums,
    next: i32,
) -> Result<Option<String>, Error> {
    if !is_due(link, vacuums, next)? {
        return Ok(None);
    }
    let (vacuumed, gave_way) = vacuum(link, kept, vacuums);
    vacuums.pacing().end(gave_way || matches!(vacuumed, Ok(false)));
    if gave_way {
        let text = "VACUUM was cancelled, since a session waited for the table; it is tried again later";
        return Ok(Some(text.to_owned()));
    }
    news(link, vacuums, vacuumed)
}

/// What became of it, and whether it gave way to somebody who waited for the table: as autovacuum does.
fn vacuum(link: &mut Link, kept: &Kept, vacuums: &Vacuums) -> (Result<bool, Error>, bool) {
    let mut own = kept.replace(None).unwrap_or_else(|| link.sibling_with(vacuums.options.clone()));
    let (stop, statement) = (own.stop(), vacuums.statement.as_str());
    let mut asked_for = false;
    let vacuumed = thread::scope(|scope| {
        let vacuum = scope.spawn(|| own.attempt_cancellable(|session| session.vacuum(statement)));
        while !ends_within(&vacuum, LOOK_EVERY) {
            // Where that cannot be seen, it goes on as before.
            if link.attempt(|session| session.blocks_others(statement)).unwrap_or(false) {
                asked_for = true;
                stop();
            }
        }
        vacuum.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    kept.replace(Some(own));
    let gave_way = asked_for && vacuumed.as_ref().is_err_and(Error::is_cancelled_query);
    (vacuumed, gave_way)
}

fn ends_within<T>(thread: &ScopedJoinHandle<T>, time: Duration) -> bool {
    let began = Instant::now();
    while !thread.is_finished() && began.elapsed() < time {
        thread::sleep(STEP);
    }
    thread.is_finished()
}

/// The count of batches is a guess, as the last one of a range is smaller. Now it has to be true.
fn is_due(link: &mut Link, vacuums: &Vacuums, next: i32) -> Result<bool, Error> {
    if !vacuums.pacing().is_due(next) {
        return Ok(false);
    }
    if let Some(progress) = link.attempt(Session::progress)? {
        vacuums.pacing().observe(&progress);
    }
    Ok(vacuums.pacing().begin(next))
}

/// The run takes no harm from a VACUUM that failed, or that could remove nothing.
fn news(link: &mut Link, vacuums: &Vacuums, vacuumed: Result<bool, Error>) -> Result<Option<String>, Error> {
    match vacuumed {
        Err(_) if link.interrupted().is_some() => Ok(None),
        Err(error) => Ok(Some(format!("VACUUM failed, the run goes on: {error}"))),
        // It is tried again soon.
        Ok(false) if !vacuums.pacing().is_late() => Ok(None),
        Ok(vacuumed) => {
            let oldest = vacuums.pacing().oldest_transaction();
            let obstacle = link.attempt(|session| session.vacuum_obstacle(oldest, !vacuumed))?;
            Ok(obstacle.map(|obstacle| format!("VACUUM cannot remove old rows, because of {obstacle}")))
        }
    }
}
