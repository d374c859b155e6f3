//! VACUUM on a worker's own connection, between two of its batches, while the other workers go on.

use crate::error::{Error, RetryOn};
use crate::progress::Progress;
use crate::session::{Link, Session};
use crate::vacuum::Vacuums;

/// Before a batch of `next` tickets. Returns what is to be said of it.
pub fn run_if_due(link: &mut Link, vacuums: &Vacuums, next: i32) -> Result<Option<String>, Error> {
    if !is_due(link, vacuums, next)? {
        return Ok(None);
    }
    let vacuumed = link.attempt_cancellable(|session| session.vacuum(&vacuums.statement));
    vacuums.pacing().end(matches!(vacuumed, Ok(false)));
    news(link, vacuums, vacuumed)
}

/// The count of batches is a guess, as the last one of a range is smaller. Now it has to be true.
fn is_due(link: &mut Link, vacuums: &Vacuums, next: i32) -> Result<bool, Error> {
    if !vacuums.pacing().is_due(next) {
        return Ok(false);
    }
    if let Some(row) = link.attempt(Session::progress)? {
        vacuums.pacing().observe(Progress::from(&row).done);
    }
    Ok(vacuums.pacing().begin(next))
}

/// The run takes no harm from a VACUUM that failed, or that could remove nothing.
fn news(link: &mut Link, vacuums: &Vacuums, vacuumed: Result<bool, Error>) -> Result<Option<String>, Error> {
    match vacuumed {
        Err(error) if error.retry_on() == Some(RetryOn::NewConnection) => Err(error),
        Err(_) if link.interrupted().is_some() => Ok(None),
        Err(error) => Ok(Some(format!("VACUUM failed, the run goes on: {error}"))),
        // It is tried again soon.
        Ok(false) if !vacuums.pacing().is_late() => Ok(None),
        Ok(vacuumed) => {
            let too_many = vacuums.pacing().too_many_left();
            let obstacle = link.attempt(|session| session.vacuum_obstacle(too_many, !vacuumed))?;
            Ok(obstacle.map(|obstacle| format!("VACUUM cannot remove old rows, because of {obstacle}")))
        }
    }
}
