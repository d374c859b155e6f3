//! Publishes what a run waits for, so that `status` shows it wherever it runs.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::repeat::Repeat;
use crate::session::Session;

/// A reason that lasts is repeated this often: an old one counts for nothing, since its driver may be gone.
const REPEAT: Duration = Duration::from_secs(10);

pub struct WaitingFor(Repeat<Option<String>>);

impl Default for WaitingFor {
    fn default() -> Self {
        Self(Repeat::new(REPEAT))
    }
}

impl WaitingFor {
    /// The run takes no harm where it cannot be published; the answer is then what to say about it.
    pub fn publish(
        &mut self,
        session: &mut Session,
        reason: Option<&str>,
        now: Instant,
    ) -> Result<Option<String>, Error> {
        let waiting_for = reason.map(str::to_owned);
        if !self.is_due(&waiting_for, now) {
            return Ok(None);
        }
        let noted = session.note_wait(reason);
        match noted {
            Err(error) if error.is_lock_timeout() => return Ok(None),
            Err(error) if error.retry_on().is_some() || error.is_cancelled_query() => return Err(error),
            _ => self.0.said(waiting_for, now),
        }
        Ok(noted.err().map(|error| {
            format!("others do not see what this run waits for: {error} (sql/roles.sql grants what it takes)")
        }))
    }

    /// That nothing is waited for is said once, after something was.
    #[expect(clippy::ref_option, reason = "as the filter holds it")]
    fn is_due(&self, reason: &Option<String>, now: Instant) -> bool {
        let was_waiting = self.0.last().is_some_and(Option::is_some);
        (reason.is_some() || was_waiting) && self.0.is_due(reason, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(reason: Option<&str>, now: Instant) -> WaitingFor {
        let mut waiting_for = WaitingFor::default();
        waiting_for.0.said(reason.map(str::to_owned), now);
        waiting_for
    }

    #[test]
    fn a_reason_that_lasts_is_published_now_and_then() {
        let (now, lag) = (Instant::now(), Some("lag".to_owned()));
        let waiting = published(Some("lag"), now);
        assert!(waiting.is_due(&None, now));
        assert_eq!([REPEAT / 2, REPEAT].map(|time| waiting.is_due(&lag, now + time)), [false, true]);
    }

    #[test]
    fn that_a_run_goes_on_is_published_once() {
        let now = Instant::now();
        assert!(!WaitingFor::default().is_due(&None, now));
        assert!(!published(None, now).is_due(&None, now + REPEAT));
    }
}
