//! A rotation: workers, each on a connection of its own, and what is shown of their work until there is a reason
//! to stop.

mod checkpoints;
mod crew;
mod dry_run;
mod ending;
mod introduction;
mod monitor;
mod report;
mod shared;
mod start;
mod vacuum;
mod view;
mod waiting_for;
mod worker;

use std::thread;

use postgres::error::SqlState;

use crate::cli::Work;
use crate::display::Display;
use crate::error::Error;
use crate::progress::{Progress, State};
use crate::session::{Link, Session};
use crate::throttle::Throttles;
use crate::vacuum::{Pacing, Vacuums};
use crew::Crew;
use monitor::Monitor;
use shared::Shared;
use start::Start;
use view::View;

pub use ending::{Ending, Outcome};
pub use start::Begin;

pub struct Rotation<'a> {
    link: Link,
    options: &'a Work,
    begin: &'a Begin,
    view: View<'a>,
}

impl<'a> Rotation<'a> {
    pub fn new(link: Link, display: &'a mut dyn Display, options: &'a Work, begin: &'a Begin) -> Self {
        Self { link, options, begin, view: View::new(display) }
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
            Ok(Outcome::Finished) if !self.view.begun => Outcome::AlreadyFinished,
            Ok(outcome) => outcome,
            Err(error) => self.reason_for(error)?,
        };
        self.last_observation()?;
        self.end(outcome)
    }

    /// Whether there is a run to work on.
    fn start(&mut self, throttles: &mut Throttles) -> Result<bool, Error> {
        self.persist(|session| throttles.check(session))?;
        let mut start = Start::new(self.begin);
        self.persist(|session| start.attempt(session))
    }

    fn rotate(&mut self, throttles: Throttles) -> Result<Outcome, Error> {
        let mut monitor = Monitor::new(throttles);
        let observation = self.persist(|session| monitor.observe(session, None))?;
        if observation.is_active() {
            self.view.observe(observation.progress.clone());
            self.introduce()?;
        }
        self.view.begin(observation.clone())?;
        let vacuums = self.vacuums(observation.progress.as_ref())?;
        let pace = self.options.pace.after(self.persist(Session::preamble)?);
        let shared = Shared::new(pace, vacuums, monitor, &observation);
        let ranges = observation.progress.as_ref().map_or(0, |progress| progress.ranges_left);
        thread::scope(|scope| {
            let (crew, reports) = Crew::begin(scope, &mut self.link, shared, ranges);
            crew.follow(reports, &mut self.view)
        })
    }

    /// None: there is nothing for VACUUM to do, or it may not.
    fn vacuums(&mut self, progress: Option<&Progress>) -> Result<Option<Vacuums>, Error> {
        let every = self.options.pace.vacuum_every;
        let Some(pacing) = progress.and_then(|progress| Pacing::new(every, progress.done, progress.planned))
        else {
            return Ok(None);
        };
        let vacuuming = self.persist(Session::vacuuming)?;
        match vacuuming.refusal {
            None => Ok(Some(Vacuums::new(vacuuming.statement, vacuuming.options, pacing))),
            Some(refusal) => {
                self.view.note(format!("no VACUUM while the run goes on: {refusal}"))?;
                Ok(None)
            }
        }
    }

    fn end(mut self, outcome: Outcome) -> Result<Ending, Error> {
        self.view.show(outcome.event())?;
        let tickets = self.view.done_since();
        Ok(Ending { outcome, batches: self.view.batches, tickets, last: self.view.last })
    }

    /// A request to cancel the batch may come too late for it and hit this instead. The outcome stands even
    /// if the server is gone for good by now.
    fn last_observation(&mut self) -> Result<(), Error> {
        let progress = match self.progress() {
            Err(error) if error.is_cancelled_query() => self.progress(),
            progress => progress,
        };
        match progress {
            Err(Error::Interrupted(_) | Error::GaveUp { .. }) => {}
            progress => self.view.observe(progress?),
        }
        Ok(())
    }

    /// Not every error is one: someone may have asked for the run, or this driver, to stop.
    fn reason_for(&mut self, error: Error) -> Result<Outcome, Error> {
        if let Some(signal) = self.signal_behind(&error) {
            return Ok(Outcome::Interrupted(signal));
        }
        if error.code() != Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) {
            return Err(error);
        }
        match self.progress()?.map(|progress| progress.state) {
            Some(State::Paused) => Ok(Outcome::Paused),
            Some(State::Cancelled) => Ok(Outcome::Cancelled),
            _ => Err(error),
        }
    }

    fn signal_behind(&self, error: &Error) -> Option<i32> {
        match error {
            Error::Interrupted(signal) => Some(*signal),
            error => self.link.interrupted().filter(|_| error.is_cancelled_query()),
        }
    }

    fn progress(&mut self) -> Result<Option<Progress>, Error> {
        self.persist(Session::progress)
    }

    fn persist<T>(&mut self, work: impl FnMut(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let view = &mut self.view;
        self.link.persist(&mut |retrying| view.retrying(retrying), work)
    }
}
