//! One connection that rotates batch after batch, and reports what it does.

use super::Outcome;
use super::crew::Crew;
use crate::display::Retrying;
use crate::error::Error;
use crate::link::Link;
use crate::look::Look;
use crate::pace::BatchSize;
use std::io;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

pub enum Report {
    Batch,
    Look(Look),
    Retrying(Retrying),
    Note(String),
    Ended(Result<Outcome, Error>),
}

pub struct Worker<'l, 'a, 'scope, 'env> {
    pub(super) link: &'l mut Link<'a>,
    pub(super) crew: Crew<'scope, 'env>,
    pub(super) batch: BatchSize,
    /// How long the last batch took.
    pub(super) worked: Duration,
    /// Whether it ends where there are more workers than are wanted.
    dispensable: bool,
    dismissed: bool,
}

impl<'l, 'a: 'scope, 'scope, 'env> Worker<'l, 'a, 'scope, 'env> {
    pub fn new(link: &'l mut Link<'a>, crew: Crew<'scope, 'env>) -> Self {
        let batch = BatchSize::new(crew.control.asked());
        Worker { link, crew, batch, worked: Duration::ZERO, dispensable: false, dismissed: false }
    }

    pub fn run(mut self) {
        if let Some(ended) = self.rotate().transpose() {
            self.crew.control.left();
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
                Ok(Some(_)) => {}
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    pub(super) fn is_dismissed(&mut self) -> bool {
        self.dismissed = self.dismissed || self.dispensable && self.crew.control.dismiss();
        self.dismissed
    }

    /// What is due between two batches. The rest comes last: what it waits for is then still true.
    fn get_ready(&mut self) -> Result<(), Error> {
        self.look(None)?;
        self.vacuum()?;
        self.rest()
    }

    fn rotate_batch(&mut self) -> Result<Option<i64>, Error> {
        self.batch = self.vacuumable(self.batch.ask(self.crew.control.asked()));
        let (size, commit) = (self.batch.get(), self.crew.options.load.synchronous_commit);
        let started = Instant::now();
        let batch = self.pacing().map(|mut pacing| pacing.batch_begins(size));
        let rotated = self.link.attempt(|session| session.rotate_batch(size, commit));
        let committed = matches!(rotated, Ok(Some(_)));
        if let (Some(mut pacing), Some(batch)) = (self.pacing(), batch) {
            pacing.batch_ends(batch, committed);
        }
        let last_id = rotated?;
        self.link.progressed();
        if last_id.is_some() {
            self.worked = started.elapsed();
            self.batch = self.batch.after_commit(self.worked);
            self.report(Report::Batch)?;
        }
        Ok(last_id)
    }

    fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        let too_long = error.is_about_time();
        if too_long {
            self.batch = self.batch.after_lock_timeout();
        }
        let batch = too_long.then(|| self.batch.get());
        let reports = &self.crew.reports;
        self.link.wait_out(error, batch, &mut |retrying| send(reports, Report::Retrying(retrying.clone())))
    }

    pub(super) fn report(&self, report: Report) -> io::Result<()> {
        send(&self.crew.reports, report)
    }
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
