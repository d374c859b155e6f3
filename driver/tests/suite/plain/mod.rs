//! The plain-SQL edition beside the extension: the same words, the same ledger.

mod differential;
mod objects;
mod scripts;
mod side_by_side;
