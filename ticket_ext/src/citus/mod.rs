//! Tables that Citus keeps: rotated from the coordinator, by statements that it takes.
//!
//! It refuses an UPDATE by a function that is VOLATILE, and would call one that is not once for all tickets. So tokens
//! are made and entries noted here, and a batch is compare and swap (`batch.rs`). Nothing of the extension is asked of
//! the other nodes.

mod batch;
mod look;
mod scan;
mod start;
mod tokens;
mod writers;

pub use batch::write;
pub use look::{Those, next, stored};
pub use scan::due;
pub use start::{drawn, plan_query, range_ends};
pub use writers::{in_progress, settle, wait};
