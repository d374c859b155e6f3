//! One connection that rotates batch after batch, and reports what it does.

use super::Outcome;
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
    Ended(Result<Outcome, Error>),
}

pub struct Worker<'l, 'a> {
    link: &'l mut Link<'a>,
    load: &'l Load,
    batch: BatchSize,
    /// When any of the workers has looked at the progress.
    looked: &'l Mutex<Instant>,
    reports: Sender<Report>,
}

impl<'l, 'a> Worker<'l, 'a> {
    pub fn new(
        link: &'l mut Link<'a>,
        load: &'l Load,
        looked: &'l Mutex<Instant>,
        reports: Sender<Report>,
    ) -> Worker<'l, 'a> {
        Worker { link, load, batch: BatchSize::new(load.asked()), looked, reports }
    }

    pub fn run(mut self) {
        let ended = self.rotate();
        // Nobody listens any more if the output is closed.
        let _ = self.reports.send(Report::Ended(ended));
    }

    fn rotate(&mut self) -> Result<Outcome, Error> {
        loop {
            if let Some(signal) = self.link.interrupted() {
                return Ok(Outcome::Interrupted(signal));
            }
            match self.step() {
                Ok(None) => return Ok(Outcome::Finished),
                Ok(Some(_)) => {}
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    fn step(&mut self) -> Result<Option<i64>, Error> {
        let (size, commit) = (self.batch.get(), self.load.synchronous_commit);
        let started = Instant::now();
        let last_id = self.link.attempt(|session| session.rotate_batch(size, commit))?;
        self.link.progressed();
        if last_id.is_some() {
            self.batch = self.batch.after_commit(started.elapsed());
            self.report(Report::Batch)?;
            self.look()?;
        }
        Ok(last_id)
    }

    fn look(&mut self) -> Result<(), Error> {
        if !self.is_time_to_look() {
            return Ok(());
        }
        let row = self.link.attempt(Session::progress)?;
        Ok(self.report(Report::Progress(row.as_ref().map(Progress::from)))?)
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

    fn report(&self, report: Report) -> io::Result<()> {
        send(&self.reports, report)
    }
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
