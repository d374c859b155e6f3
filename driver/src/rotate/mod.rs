//! A rotation: workers, each on a connection of its own, and what is shown of their work until there is a reason
//! to stop.

mod checkpoints;
mod crew;
mod ending;
mod monitor;
mod report;
mod shared;
mod vacuum;
mod view;
mod waiting_for;
mod worker;

use std::sync::mpsc;
use std::thread;

use postgres::error::SqlState;

use crate::cli::Run;
use crate::display::Display;
use crate::error::Error;
use crate::progress::Progress;
use crate::session::{Link, Session};
use crate::throttle::Throttles;
use crate::vacuum::{Pacing, Vacuums};
use crew::Crew;
use monitor::Monitor;
use shared::Shared;
use view::View;

pub use ending::{Ending, Outcome};

pub struct Rotation<'a> {
    link: Link<'a>,
    options: &'a Run,
    view: View<'a>,
}

impl<'a> Rotation<'a> {
    pub fn new(link: Link<'a>, display: &'a mut dyn Display, options: &'a Run) -> Self {
        Rotation { link, options, view: View::new(display) }
    }

    pub fn run(mut self) -> Result<Ending, Error> {
        let mut throttles = Throttles::new(&self.options.throttles);
        match self.start(&mut throttles) {
            Ok(true) => {}
            Ok(false) => return self.end(Outcome::Finished),
            Err(error) => {
                let signal = self.signal_behind(&error).ok_or(error)?;
                return self.end(Outcome::Interrupted(signal));
            }
        }
        let outcome = match self.rotate(throttles) {
            Ok(outcome) => outcome,
            Err(error) => self.reason_for(error)?,
        };
        self.last_observation()?;
        self.end(outcome)
    }

    /// Whether there is a run to work on. Where the answer was lost, a run that is newer than before is the one
    /// that was asked for.
    fn start(&mut self, throttles: &mut Throttles) -> Result<bool, Error> {
        self.persist(|session| throttles.check(session))?;
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

    fn rotate(&mut self, throttles: Throttles) -> Result<Outcome, Error> {
        let mut monitor = Monitor::new(throttles);
        let observation = self.persist(|session| monitor.observe(session))?;
        let shared = Shared::new(&self.options.pace, monitor, &observation);
        self.view.begin(observation)?;
        let vacuums = self.vacuums()?;
        let ranges = self.persist(Session::unfinished_ranges)?;
        let (options, shared, vacuums) = (self.options, &shared, vacuums.as_ref());
        let (reports, received) = mpsc::channel();
        thread::scope(|scope| {
            Crew { scope, options, shared, vacuums, reports }.begin(&mut self.link, ranges);
            self.view.follow(received)
        })
    }

    /// None: there is nothing for VACUUM to do, or it may not.
    fn vacuums(&mut self) -> Result<Option<Vacuums>, Error> {
        let Some(progress) = self.view.last.as_ref().map(|last| &last.progress) else {
            return Ok(None);
        };
        let every = self.options.pace.vacuum_every;
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
