//! A rotation: workers, each on a connection of its own, and what is shown of their work until there is a reason
//! to stop.

mod ending;
mod vacuum;
mod worker;

use crate::cli::Run;
use crate::display::{Display, Event, Retrying, Told};
use crate::error::Error;
use crate::link::Link;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::tracker::{Snapshot, Tracker};
use crate::vacuum::Pacing;
use postgres::error::SqlState;
use std::collections::HashSet;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

pub use ending::{Ending, Outcome};
use vacuum::Vacuums;
use worker::{Report, Worker};

pub struct Rotation<'a> {
    link: Link<'a>,
    options: &'a Run,
    view: View<'a>,
}

/// What a person sees, or a program.
struct View<'a> {
    display: &'a mut dyn Display,
    tracker: Tracker,
    told: Told,
    noted: HashSet<String>,
    last: Option<Snapshot>,
    batches: u64,
}

impl<'a> Rotation<'a> {
    pub fn new(link: Link<'a>, display: &'a mut dyn Display, options: &'a Run) -> Rotation<'a> {
        let (tracker, told, noted) = (Tracker::new(), Told::default(), HashSet::new());
        let view = View { display, tracker, told, noted, last: None, batches: 0 };
        Rotation { link, options, view }
    }

    pub fn run(mut self) -> Result<Ending, Error> {
        match self.start() {
            Ok(true) => {}
            Ok(false) => return self.end(Outcome::Finished),
            Err(error) => {
                let signal = self.signal_behind(&error).ok_or(error)?;
                return self.end(Outcome::Interrupted(signal));
            }
        }
        let outcome = match self.rotate() {
            Ok(outcome) => outcome,
            Err(error) => self.reason_for(error)?,
        };
        self.last_look()?;
        self.end(outcome)
    }

    /// Whether there is a run to work on. Where the answer was lost, a run that is newer than before is the one
    /// that was asked for.
    fn start(&mut self) -> Result<bool, Error> {
        let new = self.options.new;
        let mut before = None;
        self.persist(|session| {
            let newest = session.progress()?.map(|row| Progress::from(&row).run_id);
            let started = *before.get_or_insert(newest) != newest;
            if started || newest.is_some() && !new {
                return Ok(true);
            }
            match session.start() {
                // Another driver was quicker.
                Err(error) if !new && error.code() == Some(&SqlState::OBJECT_IN_USE) => Ok(true),
                Err(error) if !new && error.code() == Some(&SqlState::NO_DATA_FOUND) => Ok(false),
                started => started.map(|_| true),
            }
        })
    }

    fn rotate(&mut self) -> Result<Outcome, Error> {
        let progress = self.progress()?;
        self.view.observe(progress);
        let vacuums = self.vacuums()?;
        if self.view.last.as_ref().is_some_and(|last| last.progress.state == State::Active) {
            self.view.show(Event::Started)?;
        }
        let ranges = self.persist(Session::unfinished_ranges)?;
        let siblings = self.options.load.workers.min(ranges).saturating_sub(1);
        let retry_for = self.options.patience.retry_for;
        let mut links: Vec<Link> = (0..siblings).map(|_| self.link.sibling(retry_for)).collect();
        let (sender, reports) = mpsc::channel();
        let looked = Mutex::new(Instant::now());
        thread::scope(|scope| {
            for link in [&mut self.link].into_iter().chain(&mut links) {
                let worker = Worker::new(link, &self.options.load, &looked, vacuums.as_ref(), sender.clone());
                scope.spawn(|| worker.run());
            }
            drop(sender);
            self.view.follow(reports)
        })
    }

    /// None: there is nothing for VACUUM to do, or it may not.
    fn vacuums(&mut self) -> Result<Option<Vacuums>, Error> {
        let Some(progress) = self.view.last.as_ref().map(|last| &last.progress) else {
            return Ok(None);
        };
        let every = self.options.load.vacuum_every;
        let Some(pacing) = Pacing::new(every, progress.done, progress.planned) else {
            return Ok(None);
        };
        let vacuuming = self.persist(Session::vacuuming)?;
        match vacuuming.refusal {
            None => Ok(Some(Vacuums::new(vacuuming.statement, pacing))),
            Some(refusal) => {
                self.view.note(format!("no VACUUM while the run goes on: {refusal}"))?;
                Ok(None)
            }
        }
    }

    fn progress(&mut self) -> Result<Option<Progress>, Error> {
        Ok(self.persist(Session::progress)?.as_ref().map(Progress::from))
    }

    fn persist<T>(&mut self, work: impl FnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let view = &mut self.view;
        self.link.persist(&mut |retrying| view.retrying(retrying), work)
    }
}

impl View<'_> {
    /// Until the last worker has ended. Workers end by themselves when nobody takes their reports.
    fn follow(&mut self, reports: Receiver<Report>) -> Result<Outcome, Error> {
        let mut ended = Vec::new();
        for report in reports {
            match report {
                Report::Batch => self.batches += 1,
                Report::Progress(progress) => {
                    self.observe(progress);
                    self.show(Event::Progress)?;
                }
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

    fn show(&mut self, event: Event) -> io::Result<()> {
        self.display.show(event, self.last.as_ref())
    }

    fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        if retrying.lost {
            self.tracker.rest();
        }
        if self.told.is_news(retrying) { self.display.retrying(retrying) } else { Ok(()) }
    }

    /// The same words once.
    fn note(&mut self, text: String) -> io::Result<()> {
        if self.noted.contains(&text) {
            return Ok(());
        }
        self.display.note(&text)?;
        self.noted.insert(text);
        Ok(())
    }

    fn observe(&mut self, progress: Option<Progress>) {
        self.last = progress.map(|progress| self.tracker.observe(progress));
    }
}
