//! A list of leaked tokens, in whatever way somebody wrote it down, and where its tokens are.
//!
//! It is read as a stream. No part of it is in a message: lines are named by their numbers.

mod anywhere;
mod by_names;
mod by_tokens;
mod fields;
mod flaw;
mod form;
mod layout;
mod lines;
mod list;
mod look_up;
#[cfg(test)]
mod mangled;
mod options;
mod outcome;
mod place;
mod records;
mod sample;
mod source;
mod summary;

pub use look_up::LookUp;
pub use options::{Column, ListFile, ListOptions};
pub use outcome::Outcome;
#[cfg(test)]
pub use outcome::Retired;
pub use summary::{Summary, count};
