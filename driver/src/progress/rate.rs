//! The recent rate of a run as a moving average, and how long the rest will take at it.
//!
//! `status` has no past samples to go by and shows the rate of the view `batch_progress`, over the last half minute of
//! the ledger. The two agree on a steady run.

use std::time::Duration;

/// How fast the past is forgotten: after this long a sample counts 1/e. Long enough to even out
/// batches of a second and the dip of a checkpoint, short enough to follow within half a minute
/// when the application's load changes.
const MEMORY: Duration = Duration::from_secs(15);

/// Exponentially weighted sums of tickets and of the time they took; their quotient is unbiased
/// from the first pair of samples on. Only differences between samples count, so tickets that an
/// earlier run left behind never look like fast work.
#[derive(Default)]
pub struct Rate {
    tickets: f64,
    seconds: f64,
    last: Option<(Duration, i64)>,
}

impl Rate {
    /// `at` is any monotonic clock.
    pub fn observe(&mut self, at: Duration, done: i64) {
        if let Some((then, before)) = self.last {
            let elapsed = at.saturating_sub(then).as_secs_f64();
            let keep = (-elapsed / MEMORY.as_secs_f64()).exp();
            self.tickets = self.tickets * keep + (done - before).max(0) as f64;
            self.seconds = self.seconds * keep + elapsed;
        }
        self.last = Some((at, done));
    }

    /// The time until the next sample is a pause and counts for nothing.
    pub fn skip_gap(&mut self) {
        self.last = None;
    }

    pub fn per_second(&self) -> Option<f64> {
        (self.tickets > 0.0 && self.seconds > 0.0).then(|| self.tickets / self.seconds)
    }

    /// None until there is a rate to go by.
    pub fn time_for(&self, tickets: i64) -> Option<Duration> {
        if tickets == 0 {
            return Some(Duration::ZERO);
        }
        Duration::try_from_secs_f64(tickets as f64 / self.per_second()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(samples: &[(u64, i64)]) -> Rate {
        let mut rate = Rate::default();
        for (second, done) in samples {
            rate.observe(Duration::from_secs(*second), *done);
        }
        rate
    }

    #[test]
    fn one_sample_or_no_progress_means_nothing() {
        assert_eq!(observed(&[(0, 900)]).per_second(), None);
        assert_eq!(observed(&[(0, 900), (5, 900)]).time_for(100), None);
    }

    #[test]
    fn restored_tickets_are_not_work() {
        let rate = observed(&[(0, 1_000_000), (10, 1_001_000)]);
        assert_eq!(rate.per_second(), Some(100.0));
        assert_eq!(rate.time_for(2_000), Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_steady_rate_is_met_exactly_and_a_new_one_soon() {
        let steady: Vec<_> = (0..100).map(|s| (s, s as i64 * 50)).collect();
        let mut rate = observed(&steady);
        assert!((rate.per_second().unwrap() - 50.0).abs() < 1e-9);
        for second in 100..145 {
            rate.observe(Duration::from_secs(second), 4_950 + (second as i64 - 99) * 10);
        }
        assert!(rate.per_second().unwrap() < 13.0);
    }

    #[test]
    fn paused_time_is_left_out() {
        let mut rate = observed(&[(0, 0), (10, 1_000)]);
        rate.skip_gap();
        rate.observe(Duration::from_secs(3_610), 1_000);
        rate.observe(Duration::from_secs(3_620), 2_000);
        assert!((rate.per_second().unwrap() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_left_takes_no_time_and_an_eternity_is_unknown() {
        assert_eq!(Rate::default().time_for(0), Some(Duration::ZERO));
        let slow = Rate { tickets: 1e-300, seconds: 1.0, last: None };
        assert_eq!(slow.time_for(i64::MAX), None);
    }
}
