//! How many tickets a batch takes: as many as were asked for, or as many as fit into a time.

use std::time::Duration;

/// Where rows are locked by others, a smaller batch waits for fewer of them and holds its own for less long.
/// Below this the fixed cost of a transaction outweighs that of its tickets.
const FLOOR: i32 = 50;

/// What `--batch auto` starts with: well under the usual time on any server.
const FIRST: i32 = 1000;
/// Its bounds. Above, a larger batch is no faster and is lost as a whole in an interruption.
const SMALLEST: i32 = 100;
const LARGEST: i32 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Fixed(i32),
    /// As many as take about so long.
    Time(Duration),
}

/// The size that was asked for, less after lock time-outs.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    goal: Goal,
    size: i32,
    largest: i32,
    /// Seconds that a ticket of the last batch took.
    per_ticket: Option<f64>,
}

impl BatchSize {
    pub fn new(goal: Goal) -> Self {
        let size = match goal {
            Goal::Fixed(size) => size,
            Goal::Time(_) => FIRST,
        };
        Self { goal, size, largest: LARGEST, per_ticket: None }
    }

    /// Another goal from now on: a number as it is, a time by the last batch, so that the next one is not too long.
    pub fn aim_for(self, goal: Goal) -> Self {
        let size = match goal {
            _ if goal == self.goal => return self,
            Goal::Fixed(size) => size,
            Goal::Time(time) => {
                let fitting = self.per_ticket.map_or(self.size, |seconds| fitting(seconds, time));
                self.size.min(fitting).clamp(SMALLEST, self.largest)
            }
        };
        Self { goal, size, ..self }
    }

    /// A fixed number stays as it is.
    pub fn at_most(self, largest: i32) -> Self {
        let largest = largest.clamp(SMALLEST, LARGEST);
        let size = match self.goal {
            Goal::Fixed(size) => size,
            Goal::Time(_) => self.size.min(largest),
        };
        Self { size, largest, ..self }
    }

    pub fn get(self) -> i32 {
        self.size
    }

    /// Half of it, which comes down to the floor from any size in a few steps.
    pub fn after_lock_timeout(self) -> Self {
        let floor = match self.goal {
            Goal::Fixed(size) => FLOOR.min(size),
            Goal::Time(_) => SMALLEST,
        };
        Self { size: (self.size / 2).max(floor), ..self }
    }

    /// It grows by an eighth at most: six batches undo one halving, so that a lock held now and then keeps it
    /// down, and one quick batch is no reason for a slow one. What took too long shrinks it at once.
    pub fn after_commit(self, elapsed: Duration) -> Self {
        let more = self.size + self.size / 8 + 1;
        let per_ticket = elapsed.as_secs_f64() / f64::from(self.size);
        let size = match self.goal {
            Goal::Fixed(size) => more.min(size),
            Goal::Time(time) => more.min(fitting(per_ticket, time)).clamp(SMALLEST, self.largest),
        };
        Self { size, per_ticket: Some(per_ticket), ..self }
    }
}

/// The size that takes `time` if each ticket takes so many seconds.
fn fitting(per_ticket: f64, time: Duration) -> i32 {
    // Casts saturate.
    (time.as_secs_f64() / per_ticket) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(200);

    fn repeat(times: u32, size: BatchSize, change: fn(BatchSize) -> BatchSize) -> i32 {
        (0..times).fold(size, |size, _| change(size)).get()
    }

    fn commit(size: BatchSize) -> BatchSize {
        size.after_commit(TIME)
    }

    fn fixed(size: i32) -> BatchSize {
        BatchSize::new(Goal::Fixed(size))
    }

    /// Sizes after batches whose tickets take so many microseconds each.
    fn steered(micros_per_ticket: &[f64]) -> Vec<i32> {
        let mut size = BatchSize::new(Goal::Time(TIME));
        let after = |micros: &f64| {
            size = size.after_commit(Duration::from_secs_f64(f64::from(size.get()) * micros / 1e6));
            size.get()
        };
        micros_per_ticket.iter().map(after).collect()
    }

    #[test]
    fn lock_timeouts_halve_it_down_to_the_floor() {
        let size = fixed(5000);
        assert_eq!(repeat(1, size, BatchSize::after_lock_timeout), 2500);
        assert_eq!(repeat(100, size, BatchSize::after_lock_timeout), FLOOR);
    }

    #[test]
    fn a_batch_that_was_small_from_the_start_stays_as_it_is() {
        assert_eq!(repeat(3, fixed(7), BatchSize::after_lock_timeout), 7);
        assert_eq!(repeat(3, fixed(60), BatchSize::after_lock_timeout), FLOOR);
    }

    #[test]
    fn commits_bring_it_back_gently_and_no_further() {
        let half = fixed(5000).after_lock_timeout();
        assert_eq!(commit(half).get(), 2813);
        assert!(repeat(5, half, commit) < 5000);
        assert_eq!(repeat(6, half, commit), 5000);
        assert_eq!(repeat(1, fixed(i32::MAX / 2), commit), i32::MAX / 2);
    }

    #[test]
    fn a_steady_server_is_met_and_kept() {
        let sizes = steered(&[8.0; 60]);
        assert!(sizes.is_sorted(), "{sizes:?}");
        assert!((24_900..=25_000).contains(&sizes[59]), "{sizes:?}");
    }

    #[test]
    fn noise_keeps_it_near_the_slower_batches() {
        let noisy: Vec<f64> = (0..200).map(|i| if i % 3 == 0 { 12.0 } else { 8.0 }).collect();
        let sizes = &steered(&noisy)[100..];
        assert!(sizes.iter().all(|size| (16_000..=25_000).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_stall_shrinks_it_at_once_and_it_recovers_in_some_twenty_batches() {
        let mut series = vec![8.0; 60];
        series[40] = 160.0;
        let sizes = steered(&series);
        assert!(sizes[40] <= sizes[39] / 15, "{sizes:?}");
        assert!(sizes[50] < 8_000 && sizes[59] > 8_000, "{sizes:?}");
    }

    #[test]
    fn it_stays_within_its_bounds() {
        assert_eq!(steered(&[1e6; 3])[2], SMALLEST);
        assert_eq!(steered(&[0.0; 100])[99], LARGEST);
    }

    #[test]
    fn a_shorter_time_is_met_by_the_next_batch_and_a_longer_one_approached() {
        let steady = fixed(10_000).after_commit(Duration::from_secs(1));
        assert_eq!(steady.aim_for(Goal::Time(TIME)).get(), 2000);
        assert_eq!(steady.aim_for(Goal::Time(10 * TIME)).get(), 10_000);
        assert_eq!(fixed(20).aim_for(Goal::Time(TIME)).get(), SMALLEST);
        assert_eq!(fixed(500).aim_for(Goal::Time(TIME)).get(), 500, "nothing is known yet");
    }

    #[test]
    fn a_number_is_taken_as_it_is_and_the_same_again_changes_nothing() {
        let auto = BatchSize::new(Goal::Time(TIME)).after_commit(TIME);
        assert_eq!(auto.aim_for(Goal::Fixed(7)).get(), 7);
        assert_eq!(auto.aim_for(Goal::Time(TIME)).get(), auto.get());
    }

    #[test]
    fn a_lower_bound_holds_unless_a_number_was_asked_for() {
        let auto = BatchSize::new(Goal::Time(TIME));
        assert_eq!(repeat(100, auto.at_most(2500), |size| size.after_commit(Duration::ZERO)), 2500);
        assert_eq!([0, 250].map(|most| auto.at_most(most).get()), [SMALLEST, 250]);
        assert_eq!(fixed(5000).at_most(2500).get(), 5000);
    }
}
