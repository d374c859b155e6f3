//! What a person sees of a rotation, or a program.

use std::collections::HashSet;
use std::io;

use super::monitor::Observation;
use crate::display::{Display, Event};
use crate::pace::Tuning;
use crate::progress::{Progress, Snapshot, State, Tracker};
use crate::session::{DryRun, Place, RepeatFilter, Retrying};

pub struct View<'a> {
    display: &'a mut dyn Display,
    tracker: Tracker,
    repeat_filter: RepeatFilter,
    noted: HashSet<String>,
    tuning: Tuning,
    /// What a worker has said that somebody holds, and who.
    held_by: Option<String>,
    pub last: Option<Snapshot>,
    /// Tickets that were done when it began.
    done_before: i64,
    pub batches: u64,
    /// Whether there was anything to begin.
    pub begun: bool,
}

impl View<'_> {
    pub fn new(display: &mut dyn Display) -> View<'_> {
        View {
            display,
            tracker: Tracker::new(),
            repeat_filter: RepeatFilter::default(),
            noted: HashSet::new(),
            tuning: Tuning::default(),
            held_by: None,
            last: None,
            done_before: 0,
            batches: 0,
            begun: false,
        }
    }

    pub fn place(&mut self, place: &Place) -> io::Result<()> {
        self.last.as_ref().map_or(Ok(()), |snapshot| self.display.place(place, snapshot))
    }

    pub fn dry_run(&mut self, dry_run: &DryRun) -> io::Result<()> {
        self.display.dry_run(dry_run)
    }

    /// Of what may go wrong; `kind` is for programs.
    pub fn warn(&mut self, kind: &str, text: &str) -> io::Result<()> {
        self.display.warn(kind, text)
    }

    /// A run that is not active is not begun.
    pub fn begin(&mut self, observation: Observation) -> io::Result<()> {
        self.observe(observation.progress.clone());
        self.done_before = self.done();
        match observation.progress.as_ref().map(|progress| progress.state) {
            Some(State::Active) => {
                self.begun = true;
                self.show(Event::Started)?;
                self.show_observation(observation)
            }
            _ => Ok(()),
        }
    }

    /// Tickets that were rotated since it began.
    pub fn done_since(&self) -> i64 {
        self.done() - self.done_before
    }

    fn done(&self) -> i64 {
        self.last.as_ref().map_or(0, |snapshot| snapshot.progress.done)
    }

    pub fn show_observation(&mut self, observation: Observation) -> io::Result<()> {
        let (before, tuning) = (self.waits_for(), observation.tuning());
        self.last =
            observation.progress.map(|progress| self.tracker.observe(progress, observation.waits_for));
        if self.tuning != tuning {
            self.tuning = tuning;
            self.display.tuned(self.tuning)?;
        }
        match self.waits_for() {
            same if same == before => {}
            told if told.is_some() && told == self.held_by => {}
            Some(reason) => self.display.note(&format!("waits: {reason}"))?,
            None => self.display.note("goes on")?,
        }
        observation.remarks.into_iter().try_for_each(|remark| self.note(remark))?;
        self.show(if self.waits_for().is_some() { Event::Throttled } else { Event::Progress })
    }

    pub fn show(&mut self, event: Event) -> io::Result<()> {
        self.display.show(event, self.last.as_ref())
    }

    pub fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        if retrying.lost {
            self.tracker.skip_gap();
        }
        if retrying.held {
            self.held_by = Some(retrying.reason.clone());
        }
        if self.repeat_filter.is_news(retrying) { self.display.retrying(retrying) } else { Ok(()) }
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

    fn waits_for(&self) -> Option<String> {
        self.last.as_ref()?.throttle.clone()
    }
}
