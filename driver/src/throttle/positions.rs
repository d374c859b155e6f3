//! Where the WAL stood when: by which a replica's lag in time is measured.
//!
//! `replay_lag` of pg_stat_replication would not do. A slot that nobody reads has none. A standby's moves only with its
//! reports, and after it has caught up it keeps an interpolated value until two more of them: on PostgreSQL 15, after
//! a replay paused for 24 s, 3.2 s for another 10 s. So the driver remembers the positions it observed itself: a
//! replica that has not reached the one of `limit` ago is further behind than that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Of a limit: how far two positions that are remembered lie apart, at the least. It bounds their number, too.
const GRAIN: u32 = 100;

/// Positions are bytes since the beginning of the WAL.
pub struct Positions {
    limit: Duration,
    /// The first is the only one as old as the limit, once the driver has run for so long.
    samples: VecDeque<(Instant, i64)>,
    /// That of the first observation.
    start: i64,
}

impl Positions {
    pub fn new(limit: Duration) -> Self {
        Self { limit, samples: VecDeque::new(), start: 0 }
    }

    /// `before` is a position that is known without having looked: the last checkpoint's.
    pub fn note(&mut self, now: Instant, position: i64, before: Option<(Instant, i64)>) {
        if self.samples.back().is_some_and(|(_, last)| *last > position) {
            // Another server's WAL: a standby was promoted.
            self.samples.clear();
        }
        match self.samples.back() {
            Some((at, _)) if now.duration_since(*at) < self.limit / GRAIN => return,
            Some(_) => {}
            None => {
                self.start = position;
                self.samples.extend(before);
            }
        }
        self.samples.push_back((now, position));
        while self.samples.get(1).is_some_and(|sample| self.is_old(sample, now)) {
            self.samples.pop_front();
        }
    }

    /// Whether a replica that has replayed up to `position` is behind for longer than the limit. What PostgreSQL says
    /// itself counts for a lag that began before the first observation.
    pub fn is_late(&self, now: Instant, position: i64, replay_lag: Option<Duration>) -> bool {
        let old = self.samples.front().filter(|sample| self.is_old(sample, now));
        old.is_some_and(|(_, old)| position < *old)
            || position < self.start && replay_lag.is_some_and(|lag| lag > self.limit)
    }

    fn is_old(&self, (at, _): &(Instant, i64), now: Instant) -> bool {
        now.duration_since(*at) >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Observed twice a second, with a limit of ten seconds; the WAL grows by a byte each time.
    fn after(looks: u32, start: Instant) -> Positions {
        let mut positions = Positions::new(10 * SECOND);
        (0..=looks).for_each(|look| positions.note(start + look * SECOND / 2, i64::from(look), None));
        positions
    }

    #[test]
    fn a_replica_is_late_once_it_has_not_reached_the_position_of_the_limit_ago() {
        let start = Instant::now();
        let positions = after(100, start);
        let late = [0, 79, 80, 100].map(|replayed| positions.is_late(start + 50 * SECOND, replayed, None));
        assert_eq!(late, [true, true, false, false]);
    }

    #[test]
    fn nothing_is_late_before_the_limit_has_passed_unless_the_server_or_a_checkpoint_says_so() {
        let start = Instant::now();
        let mut positions = after(19, start);
        let now = start + 19 * SECOND / 2;
        assert!(!positions.is_late(now, -1, None));
        assert!(positions.is_late(now, -1, Some(11 * SECOND)));
        assert!(!positions.is_late(now, -1, Some(10 * SECOND)));
        assert!(!positions.is_late(now, 0, Some(11 * SECOND)), "it was there at the first look");
        positions = Positions::new(10 * SECOND);
        positions.note(now, 500, Some((start - SECOND, 400)));
        assert_eq!([399, 400].map(|replayed| positions.is_late(now, replayed, None)), [true, false]);
    }

    #[test]
    fn where_nothing_is_written_nobody_is_late() {
        let (start, mut positions) = (Instant::now(), Positions::new(SECOND));
        for second in 0..100 {
            positions.note(start + second * SECOND, 7, None);
        }
        assert!(!positions.is_late(start + 100 * SECOND, 7, Some(SECOND * 50)));
    }

    #[test]
    fn memory_is_bounded() {
        let (start, mut positions) = (Instant::now(), Positions::new(1000 * SECOND));
        for look in 0..100_000 {
            positions.note(start + look * SECOND / 2, i64::from(look), None);
            assert!(positions.samples.len() <= GRAIN as usize + 2);
        }
        let late = |replayed| positions.is_late(start + 50_000 * SECOND, replayed, None);
        assert!(late(97_959) && !late(98_020));
    }

    #[test]
    fn a_promoted_standby_starts_the_memory_anew() {
        let (start, mut positions) = (Instant::now(), Positions::new(SECOND));
        positions.note(start, 1000, None);
        positions.note(start + SECOND, 900, None);
        assert!(!positions.is_late(start + 2 * SECOND - SECOND / 10, 900, None));
        assert!(positions.is_late(start + 2 * SECOND, 899, None));
    }
}
