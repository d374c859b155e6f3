//! Exponential backoff with full jitter: how long to wait before trying again, and when to give up. What a COMMIT whose
//! answer was lost may have done, the next attempt finds out: `link.rs`.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::{Error, RetryOn};
use crate::repeat::Repeat;

/// Longer than most conflicts last, short enough to go unnoticed.
const FIRST: Duration = Duration::from_millis(100);
/// A server that restarts is back in use within this time.
const LONGEST: Duration = Duration::from_secs(10);

/// Counts the failures since the last progress.
pub struct Retry {
    limit: Duration,
    failing: Option<Failing>,
}

struct Failing {
    since: Instant,
    attempts: u32,
}

impl Retry {
    pub fn new(limit: Duration) -> Self {
        Self { limit, failing: None }
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    pub fn is_allowed(&self) -> bool {
        !self.limit.is_zero()
    }

    pub fn progressed(&mut self) {
        self.failing = None;
    }

    /// None once the failures have lasted for the limit. `random` lies in [0, 1).
    pub fn next_wait(&mut self, now: Instant, random: f64) -> Option<Duration> {
        let failing = self.failing.get_or_insert(Failing { since: now, attempts: 0 });
        let left = self.limit.saturating_sub(now.duration_since(failing.since));
        let wait = longest_wait(failing.attempts).mul_f64(random).min(left);
        failing.attempts += 1;
        (!left.is_zero()).then_some(wait)
    }

    pub fn failing_for(&self) -> Duration {
        self.failing.as_ref().map_or(Duration::ZERO, |failing| failing.since.elapsed())
    }
}

/// It doubles with each attempt. The wait is a random part of it, so that many drivers which lost the same
/// server do not come back in step.
fn longest_wait(attempts: u32) -> Duration {
    1_u32.checked_shl(attempts).map_or(LONGEST, |factor| FIRST.saturating_mul(factor).min(LONGEST))
}

/// A failure that may pass, and what is done about it.
#[derive(Clone, Debug)]
pub struct Retrying {
    pub reason: String,
    pub sqlstate: Option<String>,
    pub wait: Duration,
    /// The size of the next batch, if the failure changed it.
    pub batch: Option<i32>,
    /// Whether a connection was lost.
    pub lost: bool,
    /// Whether somebody holds what a batch needs, as the reason tells.
    pub held: bool,
}

impl Retrying {
    pub fn new(error: &Error, wait: Duration, batch: Option<i32>) -> Self {
        let sqlstate = error.code().map(|code| code.code().to_owned());
        let lost = error.retry_on() == Some(RetryOn::NewConnection);
        let held_by = error.held_by();
        let held = held_by.is_some();
        Self { reason: held_by.unwrap_or_else(|| error.to_string()), sqlstate, wait, batch, lost, held }
    }
}

impl fmt::Display for Retrying {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}; trying again in {:.1} s", self.reason, self.wait.as_secs_f64())?;
        self.batch.map_or(Ok(()), |batch| write!(f, " with a batch of {batch}"))
    }
}

/// Tells news from what was said a moment ago, by this connection or by another.
pub struct RepeatFilter(Repeat<String>);

impl RepeatFilter {
    pub fn is_news(&mut self, retrying: &Retrying) -> bool {
        let (reason, now) = (&retrying.reason, Instant::now());
        let due = self.0.is_due(reason, now);
        if due {
            self.0.said(reason.clone(), now);
        }
        due
    }
}

/// A reason that stays the same is repeated every 5 seconds.
impl Default for RepeatFilter {
    fn default() -> Self {
        Self(Repeat::new(Duration::from_secs(5)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_wait_doubles_up_to_ten_seconds() {
        let millis = [0, 1, 2, 6, 7, 31, 32, u32::MAX].map(|attempts| longest_wait(attempts).as_millis());
        assert_eq!(millis, [100, 200, 400, 6_400, 10_000, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn the_wait_is_a_random_part_and_ends_with_the_limit() {
        let now = Instant::now();
        let mut retry = Retry::new(SECOND);
        assert_eq!(retry.next_wait(now, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(retry.next_wait(now, 0.0), Some(Duration::ZERO));
        let late = now + SECOND - Duration::from_millis(7);
        assert_eq!(retry.next_wait(late, 0.9), Some(Duration::from_millis(7)));
        assert_eq!(retry.next_wait(now + SECOND, 0.9), None);
    }

    #[test]
    fn progress_starts_the_count_anew() {
        let now = Instant::now();
        let mut retry = Retry::new(SECOND);
        retry.next_wait(now, 0.5);
        retry.progressed();
        assert_eq!(retry.next_wait(now + 5 * SECOND, 0.5), Some(Duration::from_millis(50)));
    }

    #[test]
    fn a_limit_of_zero_allows_nothing() {
        let mut retry = Retry::new(Duration::ZERO);
        assert!(!retry.is_allowed());
        assert_eq!(retry.next_wait(Instant::now(), 0.5), None);
    }
}
