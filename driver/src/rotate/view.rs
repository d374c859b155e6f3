//! What a person sees of a rotation, or a program.

use super::ending::Outcome;
use super::monitor::Look;
use super::report::Report;
use crate::display::{Display, Event};
use crate::error::Error;
use crate::pace::Tuning;
use crate::progress::{Progress, Snapshot, State, Tracker};
use crate::session::{Retrying, Told};
use std::collections::HashSet;
use std::io;
use std::sync::mpsc::Receiver;

pub struct View<'a> {
    display: &'a mut dyn Display,
    tracker: Tracker,
    told: Told,
    noted: HashSet<String>,
    tuning: Tuning,
    pub last: Option<Snapshot>,
    pub batches: u64,
}

impl View<'_> {
    pub fn new(display: &mut dyn Display) -> View<'_> {
        View {
            display,
            tracker: Tracker::new(),
            told: Told::default(),
            noted: HashSet::new(),
            tuning: Tuning::default(),
            last: None,
            batches: 0,
        }
    }

    /// Until the last worker has ended. Workers end by themselves when nobody takes their reports.
    pub fn follow(&mut self, reports: Receiver<Report>) -> Result<Outcome, Error> {
        let mut ended = Vec::new();
        for report in reports {
            match report {
                Report::Batch => self.batches += 1,
                Report::Look(look) => self.look(look)?,
                Report::Note(text) => self.note(text)?,
                Report::Retrying(retrying) => self.retrying(&retrying)?,
                // The server may have had room for the others.
                Report::Ended(end @ (Ok(_) | Err(Error::GaveUp { .. }))) => ended.push(end),
                Report::Ended(Err(error)) => return Err(error),
            }
        }
        // One that finds nothing left has finished the run for all.
        ended.sort_by_key(|end| match end {
            Ok(Outcome::Finished) => 0,
            Ok(_) => 1,
            Err(_) => 2,
        });
        ended.into_iter().next().unwrap_or(Ok(Outcome::Finished))
    }

    /// A run that is not active is not begun.
    pub fn begin(&mut self, look: Look) -> io::Result<()> {
        self.observe(look.progress.clone());
        match look.progress.as_ref().map(|progress| progress.state) {
            Some(State::Active) => {
                self.show(Event::Started)?;
                self.look(look)
            }
            _ => Ok(()),
        }
    }

    fn look(&mut self, look: Look) -> io::Result<()> {
        let waited = self.waits();
        self.last = look.progress.map(|progress| self.tracker.observe(progress, look.waits));
        if self.tuning != look.tuning {
            self.tuning = look.tuning;
            self.display.tuned(self.tuning)?;
        }
        match self.waits() {
            same if same == waited => {}
            Some(reason) => self.display.note(&format!("waits: {reason}"))?,
            None => self.display.note("goes on")?,
        }
        look.remarks.into_iter().try_for_each(|remark| self.note(remark))?;
        self.show(if self.waits().is_some() { Event::Throttled } else { Event::Progress })
    }

    pub fn show(&mut self, event: Event) -> io::Result<()> {
        self.display.show(event, self.last.as_ref())
    }

    pub fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        if retrying.lost {
            self.tracker.rest();
        }
        if self.told.is_news(retrying) { self.display.retrying(retrying) } else { Ok(()) }
    }

    /// The same words once.
    pub fn note(&mut self, text: String) -> io::Result<()> {
        if self.noted.contains(&text) {
            return Ok(());
        }
        self.display.note(&text)?;
        self.noted.insert(text);
        Ok(())
    }

    pub fn observe(&mut self, progress: Option<Progress>) {
        self.last = progress.map(|progress| self.tracker.observe(progress, None));
    }

    fn waits(&self) -> Option<String> {
        self.last.as_ref()?.throttle.clone()
    }
}
