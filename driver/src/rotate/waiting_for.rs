//! Publishes what a run waits for, so that `status` shows it wherever it runs.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::session::Session;

/// A reason that lasts is repeated this often: an old one counts for nothing, since its driver may be gone.
const REPEAT: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct WaitingFor {
    /// What was published last.
    reason: Option<String>,
    at: Option<Instant>,
}

impl WaitingFor {
    /// The run takes no harm where it cannot be published; the answer is then what to say about it.
    pub fn publish(
        &mut self,
        session: &mut Session,
        run_id: i64,
        reason: Option<&str>,
        now: Instant,
    ) -> Result<Option<String>, Error> {
        if !self.is_due(reason, now) {
            return Ok(None);
        }
        let noted = session.note_wait(run_id, reason);
        match noted {
            Err(error) if error.is_lock_timeout() => return Ok(None),
            Err(error) if error.retry_on().is_some() || error.is_cancelled_query() => return Err(error),
            _ => (self.reason, self.at) = (reason.map(str::to_owned), Some(now)),
        }
        Ok(noted.err().map(|error| {
            format!("others do not see what this run waits for: {error} (sql/roles.sql grants what it takes)")
        }))
    }

    fn is_due(&self, reason: Option<&str>, now: Instant) -> bool {
        let old = self.at.is_some_and(|at| now.duration_since(at) >= REPEAT);
        self.reason.as_deref() != reason || reason.is_some() && old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_due_at_once_and_a_reason_that_lasts_now_and_then() {
        let now = Instant::now();
        let waiting = WaitingFor { reason: Some("lag".into()), at: Some(now) };
        assert!(waiting.is_due(None, now) && waiting.is_due(Some("load"), now));
        assert!(!waiting.is_due(Some("lag"), now + REPEAT / 2));
        assert!(waiting.is_due(Some("lag"), now + REPEAT));
    }

    #[test]
    fn that_a_run_goes_on_is_said_once() {
        let now = Instant::now();
        assert!(!WaitingFor::default().is_due(None, now));
        assert!(WaitingFor::default().is_due(Some("lag"), now));
        assert!(!WaitingFor { reason: None, at: Some(now) }.is_due(None, now + REPEAT));
    }
}
