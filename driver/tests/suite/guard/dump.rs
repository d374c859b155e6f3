//! A guarded database, dumped and restored.

use std::path::Path;
use std::process::Command;

use super::{guarded, held_off, leaked, live};
use crate::common::{Database, Server};

fn succeed(mut command: Command) {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn dump(database: &Database, options: &[&str], file: &Path) {
    let mut command = database.program("pg_dump");
    command.args(["--format=custom", "--file"]).arg(file).args(options);
    succeed(command);
}

fn restore(database: &Database, options: &[&str], file: &Path) {
    let mut command = database.program("pg_restore");
    command.args(["--exit-on-error", "--dbname", &database.name]).args(options).arg(file);
    succeed(command);
}

#[test]
fn a_restored_database_is_guarded_and_knows_what_was_retired() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dump");
    let original = guarded(100, &[]);
    original.execute(
        "UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id AND ticket.id <= 10",
    );
    dump(&original, &[], &file);
    let restored = Database::create_empty_on(Server::shared());
    restore(&restored, &["--jobs=2"], &file);
    restored.edition().put_into_path(&restored);
    assert_eq!((live(&restored), held_off(&restored)), (100, 10), "tables and counts are as they were");
    restored.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    assert_eq!((live(&restored), held_off(&restored)), (100, 110));
    let status = restored.complete(&["guard", "status"]).stdout;
    assert!(status.contains("guard           keep\n"), "{status}");
}

#[test]
fn rows_that_are_restored_from_a_dump_of_before_get_new_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dump");
    let database = Database::with_tickets(100);
    dump(&database, &["--data-only", "--table=ticket"], &file);
    database.complete(&["run", "--guard"]);
    super::keep_live(&database);
    database.execute("DELETE FROM ticket");
    restore(&database, &["--data-only"], &file);
    assert_eq!((database.count("ticket"), live(&database), leaked(&database)), (100, 0, 0));
    assert_eq!(held_off(&database), 100);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}
