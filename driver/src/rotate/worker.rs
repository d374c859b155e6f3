//! One connection that rotates batch after batch, and reports what it does.

use std::io;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::crew::Crew;
use super::ending::Outcome;
use super::report::Report;
use crate::error::Error;
use crate::pace::BatchSize;
use crate::session::{Link, Session};

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
        let batch = BatchSize::new(crew.shared.goal());
        Worker { link, crew, batch, worked: Duration::ZERO, dispensable: false, dismissed: false }
    }

    pub fn run(mut self) {
        if let Some(ended) = self.rotate().transpose() {
            self.crew.shared.worker_ended();
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
        self.dismissed = self.dismissed || self.dispensable && self.crew.shared.dismiss();
        self.dismissed
    }

    /// What is due between two batches. The rest comes last: what it waits for is then still true.
    fn get_ready(&mut self) -> Result<(), Error> {
        self.poll(None)?;
        self.vacuum()?;
        self.rest()
    }

    fn rotate_batch(&mut self) -> Result<Option<i64>, Error> {
        self.batch = self.vacuumable(self.batch.aim_for(self.crew.shared.goal()));
        let (size, commit) = (self.batch.get(), self.crew.options.pace.synchronous_commit);
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
        let lock_timeout = error.is_lock_timeout();
        if lock_timeout {
            self.batch = self.batch.after_lock_timeout();
        }
        let batch = lock_timeout.then(|| self.batch.get());
        let reports = &self.crew.reports;
        self.link.wait_out(error, batch, &mut |retrying| send(reports, Report::Retrying(retrying.clone())))
    }

    /// When it is this worker's turn; `throttled_by` is a reason of its own.
    pub(super) fn poll(&mut self, throttled_by: Option<&str>) -> Result<(), Error> {
        let Some(mut monitor) = self.crew.shared.turn() else {
            return Ok(());
        };
        let mut observation = self.link.attempt(|session| monitor.observe(session))?;
        self.crew.shared.update(&observation);
        drop(monitor);
        observation.throttled_by = observation.throttled_by.or(throttled_by.map(str::to_owned));
        self.count_done(observation.progress.as_ref());
        if observation.throttled_by.is_some() {
            // Of a run that waits this is all the progress there is.
            self.link.progressed();
        }
        self.report(Report::Observation(observation))?;
        self.hire()
    }

    fn hire(&mut self) -> Result<(), Error> {
        if self.crew.shared.may_need_workers() {
            let ranges = self.link.attempt(Session::unfinished_ranges)?;
            for _ in 0..self.crew.shared.hire(ranges) {
                self.crew.take_on(self.link);
            }
        }
        Ok(())
    }

    /// While there is a reason to wait, and for the time that nice asks for. A signal ends it, and so does
    /// dismissal.
    fn rest(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while let Some(time) = self.crew.shared.rest(self.worked, began.elapsed()) {
            if self.link.sleep(time).is_some() || self.is_dismissed() {
                break;
            }
            self.poll(None)?;
        }
        self.worked = Duration::ZERO;
        Ok(())
    }

    pub(super) fn report(&self, report: Report) -> io::Result<()> {
        send(&self.crew.reports, report)
    }
}

impl<'scope> Crew<'scope, '_> {
    /// The first worker is there for the whole run, on the connection that began it.
    pub fn begin<'a: 'scope>(self, first: &'scope mut Link<'a>, ranges: usize) {
        for _ in 1..self.shared.hire(ranges) {
            self.take_on(first);
        }
        self.scope.spawn(|| Worker::new(first, self).run());
    }

    /// Another worker, on a connection of its own.
    pub fn take_on<'a: 'scope>(&self, like: &Link<'a>) {
        let mut link = like.sibling(self.options.retry.retry_for);
        let crew = self.clone();
        self.scope.spawn(move || Worker::new(&mut link, crew).run_while_wanted());
    }
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
