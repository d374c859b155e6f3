//! One connection that rotates batch after batch, and reports what it does.

use super::Outcome;
use super::vacuum::Vacuums;
use crate::display::Retrying;
use crate::error::Error;
use crate::link::Link;
use crate::load::Load;
use crate::pace::BatchSize;
use crate::progress::Progress;
use crate::session::Session;
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Often enough for the eye; a batch costs far more than a look.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub enum Report {
    Batch,
    Progress(Option<Progress>),
    Retrying(Retrying),
    Note(String),
    Ended(Result<Outcome, Error>),
}

pub struct Worker<'l, 'a> {
    pub(super) link: &'l mut Link<'a>,
    load: &'l Load,
    pub(super) batch: BatchSize,
    /// When any of the workers has looked at the progress.
    looked: &'l Mutex<Instant>,
    pub(super) vacuums: Option<&'l Vacuums>,
    reports: Sender<Report>,
}

impl<'l, 'a> Worker<'l, 'a> {
    pub fn new(
        link: &'l mut Link<'a>,
        load: &'l Load,
        looked: &'l Mutex<Instant>,
        vacuums: Option<&'l Vacuums>,
        reports: Sender<Report>,
    ) -> Worker<'l, 'a> {
        let batch = BatchSize::new(load.asked());
        let largest = vacuums.map(|vacuums| vacuums.pacing().largest_batch(load.workers));
        let batch = largest.map_or(batch, |largest| batch.at_most(largest));
        Worker { link, load, batch, looked, vacuums, reports }
    }

    pub fn run(mut self) {
        let ended = self.rotate();
        // Nobody listens any more if the output is closed.
        let _ = self.reports.send(Report::Ended(ended));
    }

    fn rotate(&mut self) -> Result<Outcome, Error> {
        loop {
            let vacuumed = self.vacuum();
            if let Some(signal) = self.link.interrupted() {
                return Ok(Outcome::Interrupted(signal));
            }
            match vacuumed.and_then(|()| self.step()) {
                Ok(None) => return Ok(Outcome::Finished),
                Ok(Some(_)) => {}
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    fn step(&mut self) -> Result<Option<i64>, Error> {
        let (size, commit) = (self.batch.get(), self.load.synchronous_commit);
        let started = Instant::now();
        self.pace(|pacing| pacing.batch_begins(size));
        let rotated = self.link.attempt(|session| session.rotate_batch(size, commit));
        self.pace(|pacing| pacing.batch_ends(size, matches!(rotated, Ok(Some(_)))));
        let last_id = rotated?;
        self.link.progressed();
        if last_id.is_some() {
            self.batch = self.batch.after_commit(started.elapsed());
            self.report(Report::Batch)?;
            self.look()?;
        }
        Ok(last_id)
    }

    pub(super) fn look(&mut self) -> Result<(), Error> {
        if !self.is_time_to_look() {
            return Ok(());
        }
        let progress = self.link.attempt(Session::progress)?.as_ref().map(Progress::from);
        self.pace(|pacing| pacing.observe(progress.as_ref().map_or(0, |progress| progress.done)));
        Ok(self.report(Report::Progress(progress))?)
    }

    /// For one of the workers.
    fn is_time_to_look(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.elapsed() >= LOOK_EVERY;
        if due {
            *looked = Instant::now();
        }
        due
    }

    fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        let lock_timeout = error.is_lock_timeout();
        if lock_timeout {
            self.batch = self.batch.after_lock_timeout();
        }
        let batch = lock_timeout.then(|| self.batch.get());
        let reports = &self.reports;
        self.link.wait_out(error, batch, &mut |retrying| send(reports, Report::Retrying(retrying.clone())))
    }

    pub(super) fn report(&self, report: Report) -> io::Result<()> {
        send(&self.reports, report)
    }
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
