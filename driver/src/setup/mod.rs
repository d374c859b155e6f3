//! The plain-SQL edition of the extension, for servers where none can be installed: its script, and how a database gets
//! it, keeps it up to date and gets rid of it.

mod install;
mod print;
mod remove;
mod schema;
mod script;
mod state;
mod steps;

pub use install::install;
pub use print::{print, print_for_pg_tle};
pub use remove::{Removal, remove};
pub use schema::SchemaName;

/// What was done; names are quoted.
pub struct Report {
    pub change: Change,
    pub database: String,
    pub schema: String,
    pub role: String,
    /// Its functions refuse one.
    pub is_superuser: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Installed,
    UpToDate,
    Updated {
        from: String,
    },
    Removed {
        /// The schema that has the ledger now.
        kept: Option<String>,
        /// Tables that have lost their guard.
        unguarded: Option<String>,
    },
}
