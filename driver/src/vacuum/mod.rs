//! VACUUM while a run goes on: after which part of the tickets, and when that is.

mod history;
mod pacing;

use std::sync::{Mutex, MutexGuard, PoisonError};

use pacing::Batch;

pub use pacing::Pacing;

/// What the workers of a driver share of VACUUM.
pub struct Vacuums {
    pub statement: String,
    /// Of the session that runs it.
    pub options: Option<String>,
    pacing: Mutex<Pacing>,
}

impl Vacuums {
    pub fn new(statement: String, options: Option<String>, pacing: Pacing) -> Self {
        Self { statement, options, pacing: Mutex::new(pacing) }
    }

    pub fn pacing(&self) -> MutexGuard<'_, Pacing> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch of at most so many tickets.
    pub fn batch_begins(&self, tickets: i32) -> InFlight<'_> {
        let batch = self.pacing().batch_begins(tickets);
        InFlight { vacuums: self, batch, committed: false }
    }
}

/// A batch that has begun. It has failed unless it is said to be committed.
pub struct InFlight<'a> {
    vacuums: &'a Vacuums,
    batch: Batch,
    committed: bool,
}

impl InFlight<'_> {
    pub fn committed(mut self) {
        self.committed = true;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.vacuums.pacing().batch_ends(self.batch, self.committed);
    }
}
