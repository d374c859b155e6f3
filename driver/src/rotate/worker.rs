//! One connection that rotates batch after batch, and reports what it does.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::ending::Outcome;
use super::report::Report;
use super::shared::Shared;
use super::vacuum;
use crate::error::Error;
use crate::pace::BatchSize;
use crate::session::Link;

/// Little beside the tens of milliseconds that a VACUUM takes of a million tickets, for which one worker stands still.
const RECHECK: Duration = Duration::from_millis(1);
/// A wait that is over before long is not worth a word.
const NEWS_AFTER: Duration = Duration::from_secs(2);

pub struct Worker<'l> {
    link: &'l mut Link,
    shared: Arc<Shared>,
    reports: Sender<Report>,
    batch: BatchSize,
    /// How long the last batch took.
    worked: Duration,
    /// Whether it ends where there are more workers than are wanted.
    dispensable: bool,
    dismissed: bool,
    /// Whether it waits for what somebody holds.
    held_up: bool,
}

impl<'l> Worker<'l> {
    pub fn new(link: &'l mut Link, shared: Arc<Shared>, reports: Sender<Report>) -> Self {
        let batch = BatchSize::new(shared.goal());
        let worked = Duration::ZERO;
        let [dispensable, dismissed, held_up] = [false; 3];
        Worker { link, shared, reports, batch, worked, dispensable, dismissed, held_up }
    }

    pub fn run(mut self) {
        if let Some(ended) = self.rotate().transpose() {
            // Nobody listens any more if the output is closed.
            let _ = self.report(Report::Ended(ended));
        }
    }

    pub fn run_while_wanted(mut self) {
        self.dispensable = true;
        self.run();
    }

    /// None: it is dismissed, and the others go on.
    fn rotate(&mut self) -> Result<Option<Outcome>, Error> {
        loop {
            let ready = self.get_ready();
            if let Some(signal) = self.link.interrupted() {
                return Ok(Some(Outcome::Interrupted(signal)));
            }
            if self.is_dismissed() {
                return Ok(None);
            }
            match ready.and_then(|()| self.rotate_batch()) {
                Ok(None) => return Ok(Some(Outcome::Finished)),
                Ok(Some(_)) => self.goes_on(),
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    fn is_dismissed(&mut self) -> bool {
        self.dismissed = self.dismissed || self.dispensable && self.shared.dismiss();
        self.dismissed
    }

    /// What is due between two batches. The rest comes last: what it waits for is then still true.
    fn get_ready(&mut self) -> Result<(), Error> {
        self.poll(None)?;
        self.vacuum()?;
        self.rest()
    }

    /// When it is this worker's turn; `behind` is a reason of its own to start no batch.
    fn poll(&mut self, behind: Option<&str>) -> Result<(), Error> {
        let Some(mut monitor) = self.shared.turn() else {
            return Ok(());
        };
        let held_up_by = behind.map(str::to_owned).or_else(|| self.shared.held_up_by());
        let observation = self.link.attempt(|session| monitor.observe(session, held_up_by))?;
        self.shared.update(&observation);
        drop(monitor);
        if observation.throttled_by.is_some() || behind.is_some() {
            // Of a run that waits this is all the progress there is.
            self.link.progressed();
        }
        let ranges = observation.progress.as_ref().map(|progress| progress.ranges_left);
        self.report(Report::Observation(Box::new(observation)))?;
        match ranges {
            Some(ranges) if self.shared.may_need_workers() => Ok(self.report(Report::Ranges(ranges))?),
            _ => Ok(()),
        }
    }

    /// Has it run where it is due, and waits where it is behind. It takes the place of one of several workers: beside
    /// them all it would slow them down by more than it takes.
    fn vacuum(&mut self) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let Some(vacuums) = &shared.vacuums else {
            return Ok(());
        };
        let next = self.batch.get();
        let is_due = vacuum::is_due(self.link, vacuums, next)?;
        if is_due {
            self.report(Report::VacuumDue)?;
        }
        let stands_back = is_due && self.shared.workers() > 1;
        let waits = || {
            let pacing = vacuums.pacing();
            stands_back && pacing.is_running() || pacing.is_behind(next)
        };
        let began = Instant::now();
        while waits() && self.link.sleep(RECHECK).is_none() {
            self.poll((began.elapsed() > NEWS_AFTER).then_some("VACUUM is behind"))?;
        }
        Ok(())
    }

    /// While there is a reason to wait, and for the time that nice asks for. A signal ends it, and so does
    /// dismissal.
    fn rest(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while let Some(time) = self.shared.rest(self.worked, began.elapsed()) {
            if self.link.sleep(time).is_some() || self.is_dismissed() {
                break;
            }
            self.poll(None)?;
        }
        self.worked = Duration::ZERO;
        Ok(())
    }

    fn rotate_batch(&mut self) -> Result<Option<i64>, Error> {
        self.batch = self.shared.adjust(self.batch);
        let (size, commit) = (self.batch.get(), self.shared.options.synchronous_commit);
        let started = Instant::now();
        let in_flight = self.shared.vacuums.as_ref().map(|vacuums| vacuums.batch_begins(size));
        let sweeping = self.shared.is_sweeping();
        let last_id = self.link.attempt(|session| {
            if sweeping { session.sweep_batch(size, commit) } else { session.rotate_batch(size, commit) }
        })?;
        self.link.progressed();
        if last_id.is_some() {
            if let Some(in_flight) = in_flight {
                in_flight.committed();
            }
            self.worked = started.elapsed();
            if !self.shared.is_sweeping() {
                self.batch = self.batch.after_commit(self.worked);
            }
            self.report(Report::Batch)?;
        }
        Ok(last_id)
    }

    /// A smaller batch may pass where tickets are locked, but not where a range or the table is.
    fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        self.goes_on();
        let held_by = error.held_by();
        let takes_too_long = error.is_about_time() && held_by.is_none();
        if takes_too_long {
            self.batch = self.batch.after_lock_timeout();
        }
        if let Some(reason) = held_by {
            self.shared.held_up(reason);
            self.held_up = true;
        }
        let batch = takes_too_long.then(|| self.batch.get());
        let reports = &self.reports;
        self.link.wait_out(error, batch, &mut |retrying| send(reports, Report::Retrying(retrying.clone())))
    }

    fn goes_on(&mut self) {
        if std::mem::take(&mut self.held_up) {
            self.shared.goes_on();
        }
    }

    fn report(&self, report: Report) -> io::Result<()> {
        send(&self.reports, report)
    }
}

/// Even where the worker panics: the crew waits until all have gone.
impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.goes_on();
        if !self.dismissed {
            self.shared.worker_ended();
        }
        let _ = self.report(Report::Gone);
    }
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
