//! Lists of leaked tokens.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::database::Database;

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
