//! Where a password comes from, and what is said without the right one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::network::{self, PASSWORD};
use crate::common::{Database, Ended, Running, TRYING, poll, terminate};

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

/// A program that prints the content of a file and leaves a mark for each time it ran.
fn password_program(password: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    fs::write(folder.path().join("token"), password).expect("the file can be written");
    let command = format!("sh -c 'echo once >> \"$1/calls\"; cat \"$1/token\"' - '{path}'");
    (folder, command)
}

#[test]
fn a_password_comes_from_a_program_and_wins_over_the_others() {
    let database = network::database();
    let (_folder, command) = password_program(&format!("{PASSWORD}\nnot this\n"));
    let mut status = network::status(&database, "ann");
    status.args(["--password-command", &command]).env("PGPASSWORD", "wrong");
    Running::start(status).wait().expect(0);
}

#[test]
fn the_program_is_run_for_each_connection_so_that_a_password_may_change_under_a_run() {
    let database = network::database();
    let role = format!("changing_{}", database.name);
    let privileged = database.edition().privileged();
    database.execute(&format!("CREATE ROLE {role} {privileged} LOGIN PASSWORD 'first'"));
    database.execute("INSERT INTO ticket SELECT generate_series(1, 2000), gen_random_uuid()");
    database.slow_down(10);
    let (folder, command) = password_program("first");
    let mut run = database.driver(&["run", "--batch", "20", "--password-command", &command]);
    run.env("PGHOST", "127.0.0.1").env("PGUSER", &role);
    let running = Running::start(run);
    poll("some batches", || database.count("ticket_rotation_batch") >= 5);
    database.execute(&format!("ALTER ROLE {role} PASSWORD 'second'"));
    fs::write(folder.path().join("token"), "second").expect("the file can be written");
    terminate(&database);
    running.wait().expect(0).says(&[TRYING]);
    let calls = fs::read_to_string(folder.path().join("calls")).expect("the program ran");
    assert!(calls.lines().count() >= 2, "{calls}");
}

#[test]
fn a_program_that_fails_is_told_without_its_words_or_its_output() {
    let database = network::database();
    for (command, error, code) in [
        ("sh -c 'echo hidden; echo visible >&2; exit 7'", "the password command failed: exit status: 7", 1),
        ("hidden-program", "the password command cannot be started: No such file", 1),
        ("echo ''", "its first line is empty", 1),
        ("echo hidden-and-wrong", "28P01: password authentication failed", 1),
        ("echo 'hidden", "a quote in it is not closed", 2),
    ] {
        let mut status = network::status(&database, "ann");
        status.args(["--password-command", command]);
        let ended = Running::start(status).wait().expect(code).says(&[error]);
        assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
        assert_eq!(ended.stderr.contains("visible"), command.contains("visible"), "{}", ended.stderr);
    }
}
