//! One connection that rotates batch after batch, and reports what it does.

use super::Outcome;
use super::vacuum::Vacuums;
use crate::control::{Control, Look};
use crate::display::Retrying;
use crate::error::Error;
use crate::link::Link;
use crate::load::Load;
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

pub struct Worker<'l, 'a> {
    pub(super) link: &'l mut Link<'a>,
    load: &'l Load,
    pub(super) batch: BatchSize,
    /// How long the last batch took.
    worked: Duration,
    control: &'l Control,
    pub(super) vacuums: Option<&'l Vacuums>,
    reports: Sender<Report>,
}

impl<'l, 'a> Worker<'l, 'a> {
    pub fn new(
        link: &'l mut Link<'a>,
        load: &'l Load,
        control: &'l Control,
        vacuums: Option<&'l Vacuums>,
        reports: Sender<Report>,
    ) -> Worker<'l, 'a> {
        let batch = BatchSize::new(load.asked());
        let largest = vacuums.map(|vacuums| vacuums.pacing().largest_batch(load.workers));
        let batch = largest.map_or(batch, |largest| batch.at_most(largest));
        Worker { link, load, batch, worked: Duration::ZERO, control, vacuums, reports }
    }

    pub fn run(mut self) {
        let ended = self.rotate();
        // Nobody listens any more if the output is closed.
        let _ = self.reports.send(Report::Ended(ended));
    }

    fn rotate(&mut self) -> Result<Outcome, Error> {
        loop {
            let ready = self.get_ready();
            if let Some(signal) = self.link.interrupted() {
                return Ok(Outcome::Interrupted(signal));
            }
            match ready.and_then(|()| self.rotate_batch()) {
                Ok(None) => return Ok(Outcome::Finished),
                Ok(Some(_)) => {}
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    /// What is due between two batches. The rest comes last: what it waits for is then still true.
    fn get_ready(&mut self) -> Result<(), Error> {
        self.look()?;
        self.vacuum()?;
        self.rest()
    }

    fn rotate_batch(&mut self) -> Result<Option<i64>, Error> {
        let (size, commit) = (self.batch.get(), self.load.synchronous_commit);
        let started = Instant::now();
        self.pace(|pacing| pacing.batch_begins(size));
        let rotated = self.link.attempt(|session| session.rotate_batch(size, commit));
        self.pace(|pacing| pacing.batch_ends(size, matches!(rotated, Ok(Some(_)))));
        let last_id = rotated?;
        self.link.progressed();
        if last_id.is_some() {
            self.worked = started.elapsed();
            self.batch = self.batch.after_commit(self.worked);
            self.report(Report::Batch)?;
        }
        Ok(last_id)
    }

    fn look(&mut self) -> Result<(), Error> {
        self.look_while(None)
    }

    /// While this worker waits for a reason of its own.
    pub(super) fn look_while(&mut self, waits: Option<&str>) -> Result<(), Error> {
        let Some(mut watch) = self.control.turn() else {
            return Ok(());
        };
        let mut look = self.link.attempt(|session| watch.look(session))?;
        self.control.saw(&look);
        look.waits = look.waits.or(waits.map(str::to_owned));
        self.pace(|pacing| pacing.observe(look.progress.as_ref().map_or(0, |progress| progress.done)));
        if look.waits.is_some() {
            // Of a run that waits this is all the progress there is.
            self.link.progressed();
        }
        Ok(self.report(Report::Look(look))?)
    }

    /// While there is a reason to wait, and for the time that --nice asks for. A signal ends it.
    fn rest(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while let Some(time) = self.control.rest(self.worked, began.elapsed()) {
            if self.link.rest(time).is_some() {
                break;
            }
            self.look()?;
        }
        self.worked = Duration::ZERO;
        Ok(())
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
