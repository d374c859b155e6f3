//! How hard a run works: the options, what somebody has tuned since, and the size of a batch that follows.

mod batch_size;
mod options;
mod tuning;
mod vacuum_every;

pub use batch_size::{BatchSize, Goal};
pub use options::{PaceOptions, Preamble, SynchronousCommit, batch_time, nice, workers};
pub use tuning::Tuning;
pub use vacuum_every::VacuumEvery;
