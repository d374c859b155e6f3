//! A half-done run, dumped and restored elsewhere.

use std::path::Path;
use std::process::Command;

use crate::common::{Database, Server, oracle};

fn half_done() -> Database<'static> {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    database.one("SELECT start_ticket_rotation(ranges => 3)");
    for after_id in [0, 0, 1500, 800] {
        database.one(&format!("SELECT rotate_ticket_tokens({after_id}, 130)"));
    }
    database.one("SELECT tune_ticket_rotation(nice => 0.1)");
    database
}

fn succeed(mut command: Command) {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn dump(database: &Database, format: &str, file: &Path) {
    dump_as(database.server.variable("PGUSER"), database, format, file);
}

fn dump_as(user: &str, database: &Database, format: &str, file: &Path) {
    let mut command = database.program("pg_dump");
    command.env("PGUSER", user);
    command.args(["--format", format, "--file"]).arg(file);
    succeed(command);
}

fn records(database: &Database) -> [String; 4] {
    ["ticket_rotation", "ticket_rotation_range", "ticket_rotation_batch", "ticket_rotation_control"]
        .map(|table| database.one(&format!("SELECT string_agg(r::text, ' ' ORDER BY r) FROM {table} AS r")))
}

fn continues(original: &Database, restored: &Database) {
    restored.edition().put_into_path(restored);
    assert_eq!(records(restored), records(original));
    restored.complete(&["run", "--batch", "150"]);
    oracle::assert_rotated_once(restored);
    restored.complete(&["run", "--new"]).says(&["run 2 is finished"]);
}

#[test]
fn a_run_restored_by_pg_restore_continues_where_it_stood() {
    let folder = tempfile::tempdir().expect("a folder");
    let (original, restored) = (half_done(), Database::create_empty_on(Server::shared()));
    let file = folder.path().join("dump");
    dump(&original, "custom", &file);
    let mut command = restored.program("pg_restore");
    command.args(["--exit-on-error", "--jobs=2", "--dbname", &restored.name]).arg(file);
    succeed(command);
    continues(&original, &restored);
}

#[test]
fn a_run_restored_by_psql_continues_where_it_stood() {
    let folder = tempfile::tempdir().expect("a folder");
    let (original, restored) = (half_done(), Database::create_empty_on(Server::shared()));
    let file = folder.path().join("dump.sql");
    dump(&original, "plain", &file);
    restore_by_psql(&restored, &file);
    continues(&original, &restored);
}

fn restore_by_psql(database: &Database, file: &Path) {
    let mut command = database.program("psql");
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"]).arg(file);
    succeed(command);
}

#[test]
fn the_owner_of_a_database_dumps_it_without_being_a_superuser() {
    let folder = tempfile::tempdir().expect("a folder");
    let [original, restored] = [(); 2].map(|()| Database::create_empty().for_superuser());
    let (file, owner) = (folder.path().join("dump.sql"), format!("owner_of_{}", original.name));
    original
        .execute(&format!("CREATE ROLE {owner} LOGIN; ALTER DATABASE {} OWNER TO {owner}", original.name));
    original.execute("CREATE EXTENSION ticket_ext");
    original.make_tickets(500);
    original.execute(&format!("ALTER TABLE ticket OWNER TO {owner}; ALTER TABLE leaked OWNER TO {owner}"));
    original.one("SELECT rotate_ticket_tokens(0, 100)");
    dump_as(&owner, &original, "plain", &file);
    restore_by_psql(&restored, &file);
    assert_eq!(records(&restored), records(&original));
}
