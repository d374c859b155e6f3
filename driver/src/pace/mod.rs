//! How hard a run works: the options, what somebody has tuned since, and the size of a batch that follows.

mod batch_size;
mod options;
mod tuning;

pub use batch_size::{Asked, BatchSize};
pub use options::{Commit, Load, batch_time, nice, workers};
pub use tuning::Tuning;
