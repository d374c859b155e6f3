//! What a run waits for between two batches, so that it does no harm beside live traffic: each throttle is a file of
//! its own.

mod activity;
mod fail_closed;
mod hours;
mod lag;
mod options;
mod positions;
mod query;
mod replicas;
mod statistics;
mod wraparound;

use std::time::Instant;

use crate::error::Error;
use crate::session::Session;
use activity::Activity;
use fail_closed::FailClosed;
use hours::Hours;
use query::Query;
use replicas::Replicas;
use wraparound::Wraparound;

use options::Ignored;

pub use options::ThrottleOptions;

trait Throttle: Send {
    /// What is read, as in `cannot read …`.
    fn name(&self) -> &'static str;

    /// What to do where the server refuses to tell and has no hint of its own.
    fn hint(&self, _: &Error) -> Option<&'static str> {
        None
    }

    /// Why to start no batch now. The words stay the same while the reason does, so that it is told once.
    fn read(&mut self, session: &mut Session, now: Instant) -> Result<Option<String>, Error>;
}

/// The throttles that were asked for, and those that always count.
pub struct Throttles(Vec<FailClosed>);

impl Throttles {
    pub fn new(options: &ThrottleOptions) -> Self {
        let mut throttles: Vec<Box<dyn Throttle>> = Vec::new();
        if !options.ignore.contains(&Ignored::Wraparound) {
            throttles.push(Box::new(Wraparound));
        }
        if let Some(hours) = options.between {
            throttles.push(Box::new(Hours::new(hours)));
        }
        if !options.max_replica_lag.is_empty() {
            throttles.push(Box::new(Replicas::new(&options.max_replica_lag, &options.replica)));
        }
        if let Some(most) = options.max_active {
            throttles.push(Box::new(Activity::new(most)));
        }
        if let Some(sql) = &options.throttle_query {
            throttles.push(Box::new(Query::new(sql)));
        }
        Self(throttles.into_iter().map(FailClosed::new).collect())
    }

    /// The first reading, before anything is changed: what cannot be read now is a mistake in an option or a missing
    /// privilege.
    pub fn check(&mut self, session: &mut Session) -> Result<(), Error> {
        self.0.iter_mut().try_for_each(|throttle| throttle.check(session, Instant::now()))
    }

    /// The reasons to start no batch now. An error is a lost connection.
    pub fn read(&mut self, session: &mut Session, now: Instant) -> Result<Vec<String>, Error> {
        let reasons = self.0.iter_mut().map(|throttle| throttle.read(session, now));
        Ok(reasons.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}
