//! VACUUM while a run goes on: when it is due.

mod history;
mod pacing;

pub use pacing::{Batch, Pacing};
