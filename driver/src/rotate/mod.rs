//! The loop: a batch, now and then a look at the progress, until there is a reason to stop.

mod ending;

use crate::display::{Display, Event};
use crate::error::Error;
use crate::link::Link;
use crate::pace::BatchSize;
use crate::passing::Remedy;
use crate::progress::{Progress, State};
use crate::session::Session;
use crate::tracker::{Snapshot, Tracker};
use postgres::Row;
use std::time::{Duration, Instant};

pub use ending::{Ending, Outcome};

/// Often enough for the eye; a batch costs far more than a look.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub struct Rotation<'a> {
    link: Link<'a>,
    display: &'a mut dyn Display,
    tracker: Tracker,
    batch: BatchSize,
    looked: Option<Instant>,
    last: Option<Snapshot>,
    batches: u64,
}

impl<'a> Rotation<'a> {
    pub fn new(link: Link<'a>, display: &'a mut dyn Display, batch: i32) -> Rotation<'a> {
        let (tracker, batch) = (Tracker::new(), BatchSize::new(batch));
        Rotation { link, display, tracker, batch, looked: None, last: None, batches: 0 }
    }

    pub fn run(mut self, new: bool) -> Result<Ending, Error> {
        if new && let Err(error) = self.start() {
            let signal = self.signal_behind(&error).ok_or(error)?;
            return self.end(Outcome::Interrupted(signal));
        }
        let outcome = match self.rotate() {
            Ok(outcome) => outcome,
            Err(error) => self.reason_for(error)?,
        };
        self.last_look()?;
        self.end(outcome)
    }

    fn rotate(&mut self) -> Result<Outcome, Error> {
        let row = self.progress()?;
        if let Some(snapshot) = self.observe(row)
            && snapshot.progress.state == State::Active
        {
            self.show(Event::Started)?;
        }
        loop {
            if let Some(signal) = self.link.interrupted() {
                return Ok(Outcome::Interrupted(signal));
            }
            match self.step() {
                Ok(None) => return Ok(Outcome::Finished),
                Ok(Some(_)) => {}
                Err(error) => self.wait_out(error)?,
            }
        }
    }

    /// Where the answer was lost, a run that is newer than before is the one that was asked for.
    fn start(&mut self) -> Result<(), Error> {
        let mut before = None;
        let display = &mut *self.display;
        self.link.persist(&mut |retrying| display.retrying(retrying), |session| {
            let newest = session.progress()?.map(|row| Progress::from(&row).run_id);
            if *before.get_or_insert(newest) == newest {
                session.start()?;
            }
            Ok(())
        })
    }

    fn step(&mut self) -> Result<Option<i64>, Error> {
        let size = self.batch.get();
        let last_id = self.link.attempt(|session| session.rotate_batch(size))?;
        self.link.progressed();
        if last_id.is_some() {
            self.batch = self.batch.after_commit();
            self.batches += 1;
            self.after_batch()?;
        }
        Ok(last_id)
    }

    /// The first batch of a target's first run is what starts it, so `started` may come late.
    fn after_batch(&mut self) -> Result<(), Error> {
        let event = match self.looked {
            None => Event::Started,
            Some(then) if then.elapsed() < LOOK_EVERY => return Ok(()),
            Some(_) => Event::Progress,
        };
        let row = self.link.attempt(Session::progress)?;
        match self.observe(row) {
            Some(_) => self.show(event),
            None => Ok(()),
        }
    }

    fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        if error.remedy() == Some(Remedy::NewConnection) {
            self.tracker.rest();
        }
        let lock_timeout = error.is_lock_timeout();
        if lock_timeout {
            self.batch = self.batch.after_lock_timeout();
        }
        let batch = lock_timeout.then(|| self.batch.get());
        self.link.wait_out(error, batch, &mut |retrying| self.display.retrying(retrying))
    }

    fn show(&mut self, event: Event) -> Result<(), Error> {
        self.looked = Some(Instant::now());
        Ok(self.display.show(event, self.last.as_ref())?)
    }

    fn observe(&mut self, row: Option<Row>) -> Option<&Snapshot> {
        self.last = row.map(|row| self.tracker.observe(Progress::from(&row)));
        self.last.as_ref()
    }

    fn progress(&mut self) -> Result<Option<Row>, Error> {
        self.link.persist(&mut |retrying| self.display.retrying(retrying), Session::progress)
    }
}
