//! VACUUM on a worker's own connection, between two of its batches, while the other workers go on.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use super::report::Report;
use super::worker::Worker;
use crate::error::{Error, RetryOn};
use crate::pace::BatchSize;
use crate::progress::Progress;
use crate::session::Session;
use crate::vacuum::{Pacing, Vacuums};

/// Soon enough for a worker that waits; a VACUUM takes far longer.
const RECHECK: Duration = Duration::from_millis(50);
/// A wait that is over before long is not worth a word.
const NEWS_AFTER: Duration = Duration::from_secs(2);

impl<'a: 'scope, 'scope> Worker<'_, 'a, 'scope, '_> {
    pub(super) fn vacuum(&mut self) -> Result<(), Error> {
        let Some(vacuums) = self.crew.vacuums else {
            return Ok(());
        };
        let next = self.batch.get();
        if self.is_due(vacuums, next)? {
            let vacuumed = self.link.attempt_cancellable(|session| session.vacuum(&vacuums.statement));
            vacuums.pacing().end(matches!(vacuumed, Ok(false)));
            self.explain(vacuumed, vacuums)?;
        }
        let began = Instant::now();
        while vacuums.pacing().is_behind(next) && self.link.sleep(RECHECK).is_none() {
            self.poll((began.elapsed() > NEWS_AFTER).then_some("VACUUM is behind"))?;
        }
        Ok(())
    }

    /// Of a size that lets VACUUM keep up with all workers.
    pub(super) fn vacuumable(&self, batch: BatchSize) -> BatchSize {
        let workers = self.crew.shared.workers();
        let largest = self.pacing().map(|pacing| pacing.largest_batch(workers));
        largest.map_or(batch, |largest| batch.at_most(largest))
    }

    /// The count of batches is a guess, as the last one of a range is smaller. Now it has to be true.
    fn is_due(&mut self, vacuums: &Vacuums, next: i32) -> Result<bool, Error> {
        if !vacuums.pacing().is_due(next) {
            return Ok(false);
        }
        let progress = self.link.attempt(Session::progress)?;
        self.count_done(progress.as_ref().map(Progress::from).as_ref());
        Ok(vacuums.pacing().begin(next))
    }

    pub(super) fn count_done(&self, progress: Option<&Progress>) {
        if let (Some(mut pacing), Some(progress)) = (self.pacing(), progress) {
            pacing.observe(progress.done);
        }
    }

    pub(super) fn pacing(&self) -> Option<MutexGuard<'_, Pacing>> {
        self.crew.vacuums.map(Vacuums::pacing)
    }

    /// The run takes no harm from a VACUUM that failed, or that could remove nothing.
    fn explain(&mut self, vacuumed: Result<bool, Error>, vacuums: &Vacuums) -> Result<(), Error> {
        let news = match vacuumed {
            Err(error) if error.retry_on() == Some(RetryOn::NewConnection) => return Err(error),
            Err(_) if self.link.interrupted().is_some() => None,
            Err(error) => Some(format!("VACUUM failed, the run goes on: {error}")),
            // It is tried again soon.
            Ok(false) if !vacuums.pacing().is_late() => None,
            Ok(vacuumed) => {
                let too_many = vacuums.pacing().too_many_left();
                let obstacle = self.link.attempt(|session| session.vacuum_obstacle(too_many, !vacuumed))?;
                obstacle.map(|obstacle| format!("VACUUM cannot remove old rows, because of {obstacle}"))
            }
        };
        Ok(news.map_or(Ok(()), |news| self.report(Report::Note(news)))?)
    }
}
