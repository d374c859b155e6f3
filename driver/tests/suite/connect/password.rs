//! Where a password comes from, and what is said without the right one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::network::{self, PASSWORD};
use crate::common::{Database, Ended, Running};

/// A folder with a password file in it.
fn password_file(line: &str, mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".pgpass");
    fs::write(&file, line).expect("the file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("the mode can be set");
    (folder, file)
}

fn line(database: &Database, host: &str) -> String {
    let escaped = PASSWORD.replace('\\', r"\\").replace(':', r"\:");
    format!(
        "{host}:*:{name}:somebody:wrong\n# a comment\n{host}:*:{name}:ann:{escaped}\n",
        name = database.name
    )
}

fn log_in(database: &Database, variable: &str, value: impl AsRef<OsStr>) -> Ended {
    let mut command = network::status(database, "ann");
    command.env(variable, value.as_ref());
    Running::start(command).wait()
}

#[test]
fn a_password_comes_from_the_environment_or_from_the_url() {
    let database = network::database();
    log_in(&database, "PGPASSWORD", PASSWORD).expect(0);
    let port = database.server.variable("PGPORT");
    let url = format!("postgresql://ann:open%3A%20se%5Csame@127.0.0.1:{port}/{}", database.name);
    database.complete(&["status", "--url", &url]);
}

#[test]
fn a_password_comes_from_the_file_that_pgpassfile_names() {
    let database = network::database();
    let (_folder, file) = password_file(&line(&database, "127.0.0.1"), 0o600);
    log_in(&database, "PGPASSFILE", file).expect(0);
}

#[test]
fn a_password_comes_from_the_home_folder_and_a_socket_is_known_as_localhost() {
    let database = network::database();
    let (folder, _file) = password_file(&line(&database, "localhost"), 0o600);
    let mut command = database.driver(&["status"]);
    command.env("PGUSER", "ann").env("HOME", folder.path());
    Running::start(command).wait().expect(0);
}

#[test]
fn a_file_that_others_can_read_is_not_used() {
    let database = network::database();
    let (_folder, file) = password_file(&line(&database, "*"), 0o640);
    log_in(&database, "PGPASSFILE", &file).expect(1).says(&[
        &format!("warning: password file \"{}\" is not used", file.display()),
        "asks for a password and none was given",
    ]);
}

#[test]
fn a_missing_password_is_asked_for_with_the_ways_to_give_one() {
    let database = network::database();
    log_in(&database, "PGPASSFILE", "/nowhere").expect(1).says(&[
        "the server at 127.0.0.1 port",
        "asks for a password and none was given",
        "HINT: Set PGPASSWORD, or add a line host:port:database:user:password to ~/.pgpass (mode 0600).",
    ]);
}

#[test]
fn a_wrong_password_is_refused_and_not_printed() {
    let database = network::database();
    let ended = log_in(&database, "PGPASSWORD", "hidden").expect(1).says(&[
        "28P01",
        "password authentication failed for user \"ann\"",
        "HINT: Set PGPASSWORD",
    ]);
    assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
}
