//! Lists of leaked tokens, and what `verify` says of them.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::database::Database;
use super::process::Ended;

/// What a query returns, as a file for `--leaked`.
pub struct List {
    _folder: TempDir,
    path: PathBuf,
}

impl List {
    pub fn of(database: &Database, query: &str) -> Self {
        let mut psql = database.program("psql");
        psql.args(["--no-psqlrc", "--csv", "--tuples-only", "--command", query]);
        Self::new(psql.output().expect("psql runs").stdout)
    }

    pub fn new(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("leaked.csv");
        fs::write(&path, content).expect("the list can be written");
        Self { _folder: folder, path }
    }

    pub fn path(&self) -> &str {
        self.path.to_str().expect("a plain name")
    }
}

#[track_caller]
pub fn verify(database: &Database, list: &List, code: i32) -> Ended {
    database.end(&["verify", "--leaked", list.path()], code)
}

#[track_caller]
pub fn json_evidence(database: &Database, arguments: &[&str], code: i32) -> Value {
    let ended = database.end(&[&["verify", "--format", "json"], arguments].concat(), code);
    serde_json::from_str(&ended.stdout).expect("one JSON object")
}

/// The sample table after a run, in several batches.
pub fn rotated(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    database.complete(&["run", "--batch", "40"]);
    database
}
