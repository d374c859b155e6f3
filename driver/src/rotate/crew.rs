//! Hires the workers of a driver, as many as are wanted while the run goes on, and hears what they report.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Scope;

use super::ending::Outcome;
use super::report::Report;
use super::shared::Shared;
use super::vacuum::Vacuum;
use super::view::View;
use super::worker::Worker;
use crate::error::Error;
use crate::session::Link;

pub struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    shared: Arc<Shared>,
    /// What the connections of further workers are made after; it is never connected itself.
    template: Link,
    reports: Sender<Report>,
    at_work: usize,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    /// The first worker is there for the whole run, on the connection that began it.
    pub fn begin(
        scope: &'scope Scope<'scope, 'env>,
        first: &'scope mut Link,
        shared: Shared,
        ranges: usize,
    ) -> (Self, Receiver<Report>) {
        let (reports, received) = mpsc::channel();
        let (shared, template) = (Arc::new(shared), first.sibling());
        let mut crew = Crew { scope, shared, template, reports, at_work: 1 };
        let further = crew.shared.hire(ranges).saturating_sub(1);
        let worker = Worker::new(first, Arc::clone(&crew.shared), crew.reports.clone());
        scope.spawn(|| worker.run());
        (0..further).for_each(|_| crew.take_on());
        (crew, received)
    }

    /// Until the last worker has gone. Workers end by themselves when nobody takes their reports.
    pub fn follow(mut self, received: Receiver<Report>, view: &mut View) -> Result<Outcome, Error> {
        let mut ended = Vec::new();
        for report in received {
            match report {
                Report::Batch => view.batches += 1,
                Report::Observation(observation) => view.show_observation(*observation)?,
                Report::Ranges(ranges) => (0..self.shared.hire(ranges)).for_each(|_| self.take_on()),
                Report::VacuumDue => self.vacuum(),
                Report::Note(text) => view.note(text)?,
                Report::Retrying(retrying) => view.retrying(&retrying)?,
                // The server may have had room for the others.
                Report::Ended(end @ (Ok(_) | Err(Error::GaveUp { .. }))) => ended.push(end),
                Report::Ended(Err(error)) => return Err(error),
                Report::Gone => self.at_work -= 1,
            }
            if self.at_work == 0 {
                break;
            }
        }
        ended.into_iter().min_by_key(weight).unwrap_or(Ok(Outcome::Finished))
    }

    /// Another worker, on a connection of its own.
    fn take_on(&mut self) {
        let mut link = self.template.sibling();
        let (shared, reports) = (Arc::clone(&self.shared), self.reports.clone());
        self.scope.spawn(move || Worker::new(&mut link, shared, reports).run_while_wanted());
        self.at_work += 1;
    }

    fn vacuum(&mut self) {
        let (shared, reports) = (Arc::clone(&self.shared), self.reports.clone());
        let vacuum = Vacuum { shared, template: self.template.sibling(), reports };
        self.scope.spawn(|| vacuum.run());
        self.at_work += 1;
    }
}

/// One worker that finds nothing left has finished the run for all.
fn weight(end: &Result<Outcome, Error>) -> u8 {
    match end {
        Ok(Outcome::Finished) => 0,
        Ok(_) => 1,
        Err(_) => 2,
    }
}
