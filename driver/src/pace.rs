//! How many tickets a batch takes.

/// Where rows are locked by others, a smaller batch waits for fewer of them and holds its own for less long.
/// Below this the fixed cost of a transaction outweighs that of its tickets.
const FLOOR: i32 = 50;

/// The size that was asked for, less after lock time-outs.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    asked: i32,
    size: i32,
}

impl BatchSize {
    pub fn new(asked: i32) -> BatchSize {
        BatchSize { asked, size: asked }
    }

    pub fn get(self) -> i32 {
        self.size
    }

    /// Half of it, which comes down to the floor from any size in a few steps.
    pub fn after_lock_timeout(self) -> BatchSize {
        BatchSize { size: (self.size / 2).max(FLOOR.min(self.asked)), ..self }
    }

    /// An eighth more: six batches undo one halving, so that a lock held now and then keeps it down.
    pub fn after_commit(self) -> BatchSize {
        let more = self.size + self.size / 8 + 1;
        BatchSize { size: more.min(self.asked), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat(times: u32, size: BatchSize, change: fn(BatchSize) -> BatchSize) -> i32 {
        (0..times).fold(size, |size, _| change(size)).get()
    }

    #[test]
    fn lock_timeouts_halve_it_down_to_the_floor() {
        let size = BatchSize::new(5000);
        assert_eq!(repeat(1, size, BatchSize::after_lock_timeout), 2500);
        assert_eq!(repeat(100, size, BatchSize::after_lock_timeout), FLOOR);
    }

    #[test]
    fn a_batch_that_was_small_from_the_start_stays_as_it_is() {
        assert_eq!(repeat(3, BatchSize::new(7), BatchSize::after_lock_timeout), 7);
        assert_eq!(repeat(3, BatchSize::new(60), BatchSize::after_lock_timeout), FLOOR);
    }

    #[test]
    fn commits_bring_it_back_gently_and_no_further() {
        let half = BatchSize::new(5000).after_lock_timeout();
        assert_eq!(half.after_commit().get(), 2813);
        assert!(repeat(5, half, BatchSize::after_commit) < 5000);
        assert_eq!(repeat(6, half, BatchSize::after_commit), 5000);
        assert_eq!(repeat(1, BatchSize::new(i32::MAX / 2), BatchSize::after_commit), i32::MAX / 2);
    }
}
