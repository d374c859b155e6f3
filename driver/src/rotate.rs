//! The loop: a batch, now and then a look at the progress, until there is a reason to stop.

use crate::display::{Display, Event};
use crate::error::Error;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::signals::Interrupt;
use crate::tracker::{Snapshot, Tracker};
use postgres::error::SqlState;
use std::time::{Duration, Instant};

/// Often enough for the eye; a batch costs far more than a look.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    Interrupted(i32),
    Paused,
    Cancelled,
}

pub struct Rotation<'a> {
    session: &'a mut Session,
    display: &'a mut dyn Display,
    tracker: Tracker,
    looked: Option<Instant>,
    batches: u64,
}

/// How the loop ended; `batches` are this driver's own.
pub struct Ending {
    pub outcome: Outcome,
    pub batches: u64,
    pub last: Option<Snapshot>,
}

impl<'a> Rotation<'a> {
    pub fn new(session: &'a mut Session, display: &'a mut dyn Display) -> Rotation<'a> {
        Rotation { session, display, tracker: Tracker::new(), looked: None, batches: 0 }
    }

    pub fn run(mut self, batch: i32, interrupt: &Interrupt) -> Result<Ending, Error> {
        let outcome = match self.rotate(batch, interrupt) {
            Ok(outcome) => outcome,
            Err(error) => self.reason_for(error, interrupt)?,
        };
        let last = self.last_look()?;
        self.display.show(outcome.event(), last.as_ref())?;
        let batches = self.batches;
        Ok(Ending { outcome, batches, last })
    }

    fn rotate(&mut self, batch: i32, interrupt: &Interrupt) -> Result<Outcome, Error> {
        if let Some(snapshot) = self.look()?
            && snapshot.progress.state == State::Active
        {
            self.show(Event::Started, &snapshot)?;
        }
        loop {
            if let Some(signal) = interrupt.signal() {
                return Ok(Outcome::Interrupted(signal));
            }
            if self.session.rotate_batch(batch)?.is_none() {
                return Ok(Outcome::Finished);
            }
            self.after_batch()?;
        }
    }

    /// The first batch of a target's first run is what starts it, so `started` may come late.
    fn after_batch(&mut self) -> Result<(), Error> {
        self.batches += 1;
        let event = match self.looked {
            None => Event::Started,
            Some(then) if then.elapsed() < LOOK_EVERY => return Ok(()),
            Some(_) => Event::Progress,
        };
        match self.look()? {
            Some(snapshot) => self.show(event, &snapshot),
            None => Ok(()),
        }
    }

    fn show(&mut self, event: Event, snapshot: &Snapshot) -> Result<(), Error> {
        self.looked = Some(Instant::now());
        Ok(self.display.show(event, Some(snapshot))?)
    }

    fn look(&mut self) -> Result<Option<Snapshot>, Error> {
        let row = self.session.progress()?;
        Ok(row.map(|row| self.tracker.observe(Progress::from(&row))))
    }

    /// A request to cancel the batch may come too late for it and hit this instead.
    fn last_look(&mut self) -> Result<Option<Snapshot>, Error> {
        match self.look() {
            Err(error) if error.is_cancelled_query() => self.look(),
            looked => looked,
        }
    }

    /// Not every error is one: someone may have asked for the run, or this driver, to stop.
    fn reason_for(&mut self, error: Error, interrupt: &Interrupt) -> Result<Outcome, Error> {
        match (error.code(), interrupt.signal()) {
            (Some(&SqlState::QUERY_CANCELED), Some(signal)) => Ok(Outcome::Interrupted(signal)),
            (Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE), _) => {
                let row = self.session.progress()?;
                match row.map(|row| Progress::from(&row).state) {
                    Some(State::Paused) => Ok(Outcome::Paused),
                    Some(State::Cancelled) => Ok(Outcome::Cancelled),
                    _ => Err(error),
                }
            }
            _ => Err(error),
        }
    }
}

impl Outcome {
    fn event(self) -> Event {
        match self {
            Outcome::Finished => Event::Finished,
            Outcome::Interrupted(_) => Event::Interrupted,
            Outcome::Paused => Event::Paused,
            Outcome::Cancelled => Event::Cancelled,
        }
    }
}
