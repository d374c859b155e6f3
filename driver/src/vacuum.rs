//! When VACUUM is due: paced by the tickets done, so that a run uses again the room of its own dead rows.
//!
//! Between two VACUUMs the table grows by the part of it that was rotated meanwhile, and the rows after that go where
//! dead ones were. So it grows once, by about that part, and not with every part.

use std::fmt;

/// Fewer tickets are done in seconds, and what they leave behind is some megabytes: autovacuum comes round for it.
const FEW: i64 = 100_000;

pub const DEFAULT_VACUUM_EVERY: &str = "10%";

/// The part of the planned tickets after which VACUUM is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VacuumEvery {
    Off,
    Percent(u8),
}

impl fmt::Display for VacuumEvery {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            VacuumEvery::Off => f.write_str("off"),
            VacuumEvery::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Counts in tickets.
#[derive(Debug)]
pub struct Pacing {
    part: i64,
    planned: i64,
    done: i64,
    in_flight: i64,
    /// How many were done when the VACUUM that runs now began.
    running: Option<i64>,
    /// How many were done when the last one that has ended began.
    cleaned: i64,
}

impl Pacing {
    /// None: no VACUUM is worth its while. What was done before this driver began is vacuumed first.
    pub fn new(every: VacuumEvery, done: i64, planned: i64) -> Option<Pacing> {
        let VacuumEvery::Percent(percent) = every else {
            return None;
        };
        let part = planned / 100 * i64::from(percent);
        let cleaned = (done - part).max(0);
        (planned >= FEW).then_some(Pacing { part, planned, done, in_flight: 0, running: None, cleaned })
    }

    /// A batch of at most so many tickets begins.
    pub fn batch_begins(&mut self, tickets: i32) {
        self.in_flight += i64::from(tickets);
    }

    pub fn batch_ends(&mut self, tickets: i32, committed: bool) {
        self.in_flight -= i64::from(tickets);
        self.done += if committed { i64::from(tickets) } else { 0 };
    }

    /// The true number, other drivers' tickets among them.
    pub fn observe(&mut self, done: i64) {
        self.done = done;
    }

    /// Whether the caller, whose next batch has so many tickets, is to run VACUUM before it. None is worth while
    /// for the last tickets, nor before at least half a part is done, however large a batch was asked for.
    pub fn begin(&mut self, next: i32) -> bool {
        let worthwhile =
            self.planned - self.cleaned > self.limit() && self.done - self.cleaned >= self.part / 2;
        let due = self.running.is_none() && worthwhile && self.reached_by(next) > self.part;
        if due {
            self.running = Some(self.done);
        }
        due
    }

    /// However it ended: a failed one is not repeated at once.
    pub fn end(&mut self) {
        self.cleaned = self.running.take().unwrap_or(self.cleaned);
    }

    /// Whether the next batch has to wait for the VACUUM that runs, lest the table grow by much more than a part.
    pub fn is_behind(&self, next: i32) -> bool {
        self.running.is_some() && self.reached_by(next) > self.limit()
    }

    /// So that VACUUM begins little before a whole part is done, whatever all workers have in flight.
    pub fn largest_batch(&self, workers: usize) -> i32 {
        i32::try_from(self.part / (4 * workers as i64)).unwrap_or(i32::MAX)
    }

    /// More old rows than are ever left between two VACUUMs that remove them.
    pub fn too_many_left(&self) -> i64 {
        2 * self.part
    }

    /// Tickets since the last VACUUM.
    fn reached_by(&self, next: i32) -> i64 {
        self.done + self.in_flight + i64::from(next) - self.cleaned
    }

    fn limit(&self) -> i64 {
        self.part + self.part * 2 / 5
    }
}

pub fn vacuum_every(text: &str) -> Result<VacuumEvery, String> {
    if text == "off" {
        return Ok(VacuumEvery::Off);
    }
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let percent = number.filter(|percent| (1..=100).contains(percent));
    percent.map(VacuumEvery::Percent).ok_or_else(|| "it is neither off nor a whole 1% to 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacing(done: i64) -> Pacing {
        Pacing::new(VacuumEvery::Percent(10), done, 1_000_000).expect("it is worth its while")
    }

    fn commit(pacing: &mut Pacing, tickets: i32) {
        pacing.batch_begins(tickets);
        pacing.batch_ends(tickets, true);
    }

    #[test]
    fn one_worker_runs_it_before_the_batch_that_would_exceed_a_part() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 75_000);
        assert!(!pacing.begin(25_000));
        assert!(pacing.begin(25_001));
        assert!(!pacing.begin(25_001));
        pacing.end();
        assert!(!pacing.begin(100_000));
        commit(&mut pacing, 80_000);
        assert!(pacing.begin(25_000));
    }

    #[test]
    fn what_others_have_in_flight_counts_and_is_not_cleaned() {
        let mut pacing = pacing(0);
        pacing.batch_begins(30_000);
        commit(&mut pacing, 60_000);
        assert!(pacing.begin(20_000));
        pacing.batch_ends(30_000, true);
        pacing.end();
        commit(&mut pacing, 50_000);
        assert!(pacing.begin(30_000), "30,000 were not cleaned");
    }

    #[test]
    fn a_batch_that_failed_counts_for_nothing() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 60_000);
        pacing.batch_begins(60_000);
        pacing.batch_ends(60_000, false);
        assert!(!pacing.begin(30_000));
    }

    #[test]
    fn batches_wait_for_one_that_is_behind() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 100_000);
        assert!(!pacing.is_behind(90_000), "none is running");
        assert!(pacing.begin(10_000));
        assert!(!pacing.is_behind(40_000));
        assert!(pacing.is_behind(40_001));
        pacing.end();
        assert!(!pacing.is_behind(40_001));
    }

    #[test]
    fn a_run_that_is_continued_begins_with_one_and_goes_on_meanwhile() {
        let mut late = pacing(550_000);
        assert!(late.begin(1000));
        assert!(!late.is_behind(40_000));
        assert!(!pacing(40_000).begin(1000));
    }

    #[test]
    fn the_last_tickets_take_none() {
        let mut pacing = pacing(0);
        pacing.observe(860_000);
        assert!(pacing.begin(1000));
        pacing.end();
        pacing.observe(999_000);
        assert!(!pacing.begin(1000));
    }

    #[test]
    fn a_batch_larger_than_a_part_is_followed_by_one() {
        let mut pacing = pacing(0);
        assert!(!pacing.begin(i32::MAX));
        commit(&mut pacing, 300_000);
        assert!(pacing.begin(300_000));
    }

    #[test]
    fn few_tickets_take_none() {
        assert!(Pacing::new(VacuumEvery::Percent(10), 0, FEW - 1).is_none());
        assert!(Pacing::new(VacuumEvery::Percent(10), 0, FEW).is_some());
        assert!(Pacing::new(VacuumEvery::Off, 0, 1_000_000).is_none());
    }

    #[test]
    fn the_part_is_a_whole_percentage_or_off() {
        assert_eq!(["off", "1%", "100%", "10"].map(|text| vacuum_every(text).is_ok()), [true; 4]);
        let wrong = ["", "%", "0%", "101%", "-1%", "2.5%", "on"];
        assert_eq!(wrong.map(|text| vacuum_every(text).is_ok()), [false; 7]);
    }
}
