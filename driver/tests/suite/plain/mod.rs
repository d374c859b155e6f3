//! The plain-SQL edition beside the extension: the same words, the same ledger.

mod differential;
mod new_tokens;
mod objects;
mod scripts;
mod side_by_side;
