//! The guard: a trigger on the target that keeps retired tokens from coming back.
//!
//! Applications write them back in good faith: an ORM that saves all columns of an object which it loaded before the
//! rotation, a sync job, rows from an old dump. The ledger's entries tell a token that was retired from any other.

mod columns;
mod held_off;
mod known;
mod retired;
mod row;
mod runs;
mod stored_array;
mod switch;
mod trigger;

pub use switch::{Action, put_on, take_off};
pub use trigger::guard;
