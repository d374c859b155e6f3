//! A throttle that fails closed: one that can no longer be read holds the run as well, since what it is to protect may
//! be in trouble just then.

use std::time::{Duration, Instant};

use super::Throttle;
use crate::error::{Error, RetryOn};
use crate::session::Session;

/// For so long the last reading is believed. A reload of the server or a standby that reconnects takes less.
const GRACE: Duration = Duration::from_secs(10);

pub struct FailClosed {
    throttle: Box<dyn Throttle>,
    last: Option<Reading>,
}

struct Reading {
    reason: Option<String>,
    at: Instant,
}

impl FailClosed {
    pub fn new(throttle: Box<dyn Throttle>) -> Self {
        Self { throttle, last: None }
    }

    pub fn check(&mut self, session: &mut Session, now: Instant) -> Result<(), Error> {
        match self.throttle.read(session, now) {
            Ok(reason) => self.last = Some(Reading { reason, at: now }),
            Err(error) if error.retry_on().is_some() => return Err(error),
            Err(error) => {
                let (what, hint) = (self.throttle.name(), self.throttle.hint(&error));
                return Err(Error::Throttle { what, reason: Box::new(error), hint });
            }
        }
        Ok(())
    }

    pub fn read(&mut self, session: &mut Session, now: Instant) -> Result<Option<String>, Error> {
        match self.throttle.read(session, now) {
            Err(error) if error.retry_on() == Some(RetryOn::NewConnection) => Err(error),
            reading => Ok(self.judge(reading, now)),
        }
    }

    fn judge(&mut self, reading: Result<Option<String>, Error>, now: Instant) -> Option<String> {
        match (reading, &self.last) {
            (Ok(reason), _) => {
                self.last = Some(Reading { reason: reason.clone(), at: now });
                reason
            }
            (Err(_), Some(last)) if now.duration_since(last.at) < GRACE => last.reason.clone(),
            (Err(error), _) => Some(format!("cannot read {}: {error}", self.throttle.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Load;

    impl Throttle for Load {
        fn name(&self) -> &'static str {
            "the load"
        }

        fn read(&mut self, _: &mut Session, _: Instant) -> Result<Option<String>, Error> {
            unreachable!("the tests judge readings of their own")
        }
    }

    fn busy() -> Result<Option<String>, Error> {
        Ok(Some("busy".into()))
    }

    fn broken() -> Result<Option<String>, Error> {
        Err(Error::Parameter("broken".into()))
    }

    #[test]
    fn within_the_grace_time_the_last_reading_counts_and_then_the_failure_holds() {
        let (mut load, start) = (FailClosed::new(Box::new(Load)), Instant::now());
        let [almost, late] = [GRACE - Duration::from_millis(1), GRACE].map(|after| start + after);
        assert_eq!(load.judge(Ok(None), start), None);
        assert_eq!(load.judge(broken(), almost), None);
        assert_eq!(load.judge(broken(), late).as_deref(), Some("cannot read the load: broken"));
        assert_eq!(load.judge(busy(), late).as_deref(), Some("busy"));
        assert_eq!(load.judge(broken(), late).as_deref(), Some("busy"), "a failure is no release");
        assert_eq!(load.judge(Ok(None), late), None);
    }

    #[test]
    fn what_was_never_read_holds_at_once() {
        let held = FailClosed::new(Box::new(Load)).judge(broken(), Instant::now());
        assert_eq!(held.as_deref(), Some("cannot read the load: broken"));
    }
}
