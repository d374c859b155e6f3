//! What the pages say, beside what there is.

mod errors;
mod imports;
mod interface;
mod links;
