//! When VACUUM is due: paced by the tickets done, so that a run uses again the room of its own dead rows.
//!
//! Between two VACUUMs the table grows by the part of it that was rotated meanwhile, and the rows after that go where
//! dead ones were. So it grows once, by about that part, and not with every part.

use super::history::History;
use crate::pace::VacuumEvery;
use crate::progress::Progress;

/// Fewer tickets are done in seconds, and what they leave behind is some megabytes: autovacuum comes round for it.
const FEW: i64 = 100_000;

/// Counts in tickets.
#[derive(Debug)]
pub struct Pacing {
    part: i64,
    planned: i64,
    /// When this driver began.
    at_first: i64,
    /// As last observed.
    observed: i64,
    /// At most as many were in the batches that had been committed by then.
    before: i64,
    /// And in those committed since.
    since: i64,
    in_flight: Vec<Batch>,
    /// How many the VACUUM that runs now can clean up after.
    running: Option<i64>,
    /// How many the last one that has ended could clean up after.
    cleaned: i64,
    /// How many more are to be done before it is tried again.
    postponed: i64,
    history: History,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    tickets: i32,
    /// How many were done when it began. What was committed since then it may still see, so VACUUM keeps it.
    sees: i64,
}

impl Pacing {
    /// None: no VACUUM is worth its while. What was done before this driver began is vacuumed first.
    pub fn new(every: VacuumEvery, done: i64, planned: i64) -> Option<Self> {
        let VacuumEvery::Percent(percent) = every else {
            return None;
        };
        let part = planned / 100 * i64::from(percent);
        let cleaned = (done - part).max(0);
        (planned >= FEW).then_some(Self {
            part,
            planned,
            at_first: done,
            observed: done,
            before: 0,
            since: 0,
            in_flight: Vec::new(),
            running: None,
            cleaned,
            postponed: 0,
            history: History::new(2 * part),
        })
    }

    /// A batch of at most so many tickets begins.
    pub fn batch_begins(&mut self, tickets: i32) -> Batch {
        let batch = Batch { tickets, sees: self.done() };
        self.in_flight.push(batch);
        batch
    }

    pub fn batch_ends(&mut self, batch: Batch, committed: bool) {
        let ended = self.in_flight.iter().position(|other| *other == batch);
        ended.map(|index| self.in_flight.swap_remove(index));
        self.since += if committed { i64::from(batch.tickets) } else { 0 };
    }

    /// The true number, other drivers' tickets among them.
    pub fn observe(&mut self, progress: &Progress) {
        self.observed = progress.done;
        self.before += std::mem::take(&mut self.since);
        self.history.add(progress.done, progress.next_transaction);
    }

    /// What came of the batches so far is expected of the last ones: the last batch of a range is smaller. A few
    /// batches tell little, and what others rotate nothing of these.
    fn done(&self) -> i64 {
        let share = if self.before > self.part / 2 {
            ((self.observed - self.at_first) as f64 / self.before as f64).clamp(0.5, 1.0)
        } else {
            1.0
        };
        self.observed + (self.since as f64 * share) as i64
    }

    /// Whether VACUUM is to run before a batch of so many tickets. None is worth while for the last tickets, nor
    /// before at least half a part is done, however large a batch was asked for.
    pub fn is_due(&self, next: i32) -> bool {
        let worthwhile =
            self.planned - self.cleaned > self.limit() && self.done() - self.cleaned >= self.part / 2;
        self.running.is_none() && worthwhile && self.reached_by(next) > self.part + self.postponed
    }

    /// Whether the caller is to run it.
    pub fn begin(&mut self, next: i32) -> bool {
        let due = self.is_due(next);
        if due {
            self.running = Some(self.in_flight.iter().map(|batch| batch.sees).fold(self.done(), i64::min));
        }
        due
    }

    /// One that failed is not repeated at once; one that was skipped, because of a lock, is tried again soon.
    pub fn end(&mut self, skipped: bool) {
        let running = self.running.take().unwrap_or(self.cleaned);
        (self.cleaned, self.postponed) = if skipped {
            (self.cleaned, self.done() - self.cleaned - self.part * 3 / 4)
        } else {
            (running, 0)
        };
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether the next batch has to wait for the VACUUM that runs, so that the table does not grow by much more than a
    /// part.
    pub fn is_behind(&self, next: i32) -> bool {
        self.running.is_some() && self.reached_by(next) > self.limit()
    }

    /// So that VACUUM begins little before a whole part is done, whatever all workers have in flight.
    pub fn largest_batch(&self, workers: usize) -> i32 {
        i32::try_from(self.part / (4 * workers as i64)).unwrap_or(i32::MAX)
    }

    /// Whether more old rows were left since the last VACUUM that was not skipped than are ever left between two.
    pub fn is_late(&self) -> bool {
        self.done() - self.cleaned > 2 * self.part
    }

    /// The first of the transactions that have left so many behind. Whoever sees those rows keeps too many.
    pub fn oldest_transaction(&self) -> Option<i64> {
        self.history.oldest_transaction(self.done())
    }

    /// Tickets since the last VACUUM.
    fn reached_by(&self, next: i32) -> i64 {
        let in_flight: i64 = self.in_flight.iter().map(|batch| i64::from(batch.tickets)).sum();
        self.done() + in_flight + i64::from(next) - self.cleaned
    }

    fn limit(&self) -> i64 {
        self.part + self.part * 2 / 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacing(done: i64) -> Pacing {
        Pacing::new(VacuumEvery::Percent(10), done, 1_000_000).expect("it is worth its while")
    }

    fn commit(pacing: &mut Pacing, tickets: i32) {
        let batch = pacing.batch_begins(tickets);
        pacing.batch_ends(batch, true);
    }

    #[test]
    fn one_worker_runs_it_before_the_batch_that_would_exceed_a_part() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 75_000);
        assert!(!pacing.begin(25_000));
        assert!(pacing.begin(25_001));
        assert!(!pacing.begin(25_001));
        pacing.end(false);
        assert!(!pacing.begin(100_000));
        commit(&mut pacing, 80_000);
        assert!(pacing.begin(25_000));
    }

    #[test]
    fn what_others_have_in_flight_counts_and_keeps_what_was_committed_since() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 40_000);
        let batch = pacing.batch_begins(30_000);
        commit(&mut pacing, 20_000);
        assert!(pacing.begin(11_000));
        pacing.batch_ends(batch, true);
        pacing.end(false);
        assert!(!pacing.begin(50_000), "40,000 of 90,000 were cleaned");
        assert!(pacing.begin(50_001));
    }

    #[test]
    fn a_batch_that_failed_counts_for_nothing() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 60_000);
        let batch = pacing.batch_begins(60_000);
        pacing.batch_ends(batch, false);
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
        pacing.end(false);
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
        pacing.observe(&Progress { done: 860_000, ..Progress::default() });
        assert!(pacing.begin(1000));
        pacing.end(false);
        pacing.observe(&Progress { done: 999_000, ..Progress::default() });
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
    fn one_that_was_skipped_is_tried_again_a_quarter_of_a_part_later() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 100_000);
        assert!(pacing.begin(1));
        pacing.end(true);
        assert!(!pacing.begin(25_000));
        assert!(pacing.begin(25_001));
        pacing.end(false);
        assert!(!pacing.begin(100_000));
    }

    #[test]
    fn what_came_of_the_batches_so_far_is_expected_of_the_next_ones() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 60_000);
        pacing.observe(&Progress { done: 30_000, ..Progress::default() });
        commit(&mut pacing, 60_000);
        assert!(!pacing.is_due(40_000), "60,000 of 120,000 are done");
        commit(&mut pacing, 60_000);
        assert!(pacing.is_due(10_001));
    }

    #[test]
    fn what_other_drivers_rotate_is_not_expected_of_the_next_batches() {
        let mut pacing = pacing(0);
        commit(&mut pacing, 60_000);
        pacing.observe(&Progress { done: 90_000, ..Progress::default() });
        commit(&mut pacing, 5_000);
        assert!(!pacing.is_due(5_000), "95,000 are done");
        assert!(pacing.is_due(5_001));
    }

    #[test]
    fn few_tickets_take_none() {
        assert!(Pacing::new(VacuumEvery::Percent(10), 0, FEW - 1).is_none());
        assert!(Pacing::new(VacuumEvery::Percent(10), 0, FEW).is_some());
        assert!(Pacing::new(VacuumEvery::Off, 0, 1_000_000).is_none());
    }
}
