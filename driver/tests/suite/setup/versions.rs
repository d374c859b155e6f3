//! Driver and database of different versions: each pair works, or says which side to update, and how.

use super::{Owned, with_extension};
use crate::common::Database;

fn mark(schema: &str, version: &str) -> String {
    format!("UPDATE {schema}.ticket_rotation_version SET version = '{version}'")
}

#[test]
fn an_installation_writes_its_own_version() {
    let (database, owned) = (with_extension(), Owned::with_setup());
    let row = "SELECT concat_ws(' ', version, edition) FROM ticket_rotation_version";
    assert_eq!(database.one(row), concat!(env!("CARGO_PKG_VERSION"), " extension"));
    let row = row.replace("FROM ", "FROM ticket_ext.");
    assert_eq!(owned.database.one(&row), concat!(env!("CARGO_PKG_VERSION"), " plain"));
}

#[test]
fn versions_that_are_one_minor_version_apart_work_together() {
    let database = with_extension();
    database.make_tickets(10);
    let mut numbers = env!("CARGO_PKG_VERSION").split('.').map(|number| number.parse().expect("a number"));
    let [major, minor]: [u32; 2] = std::array::from_fn(|_| numbers.next().expect("three numbers"));
    for near in [minor.saturating_sub(1), minor, minor + 1] {
        database.execute(&mark("public", &format!("{major}.{near}.99")));
        database.complete(&["run", "--new"]);
        database.complete(&["verify"]);
    }
}

#[test]
fn a_newer_extension_asks_for_a_newer_driver() {
    let database = with_extension();
    database.make_tickets(10);
    for version in ["99.1.0", "99.1"] {
        database.execute(&mark("public", version));
        for command in ["run", "status", "verify", "tune --reset"] {
            let arguments: Vec<_> = command.split(' ').collect();
            database.end(&arguments, 1).says(&[
                &format!("is of version {version}, and this rotate-driver"),
                "HINT: Update rotate-driver.",
            ]);
        }
    }
    assert_eq!(database.count("ticket_rotation"), 0);
}

#[test]
fn a_plain_edition_is_brought_up_to_date_by_setup_and_never_back() {
    let owned = Owned::with_setup();
    owned.execute(&mark("ticket_ext", "99.0.0"));
    for command in ["status", "setup"] {
        owned.driver(&[command]).expect(1).says(&["is of version 99.0.0", "HINT: Update rotate-driver."]);
    }
    owned.execute(&mark("ticket_ext", "0.0.1"));
    // No release has been before this one: no step leads here.
    owned.driver(&["setup"]).expect(1).says(&["Install it anew, and keep its ledger"]);
}

#[test]
fn a_role_that_may_not_read_the_version_hears_of_the_grant_that_it_lacks() {
    let owned = Owned::with_setup();
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid)");
    let role = owned.other("rotator");
    owned.driver_as(&role, &["status"]).expect(1).says(&["permission denied for schema ticket_ext"]);
}

#[test]
fn beside_the_extension_a_plain_edition_is_no_second_ledger() {
    let owned = Owned::with_setup();
    owned.execute("CREATE TABLE ticket (id int PRIMARY KEY, token uuid)");
    owned.database.execute("CREATE EXTENSION ticket_ext SCHEMA public");
    let said =
        "extension ticket_ext in schema public and its plain-SQL edition in schema ticket_ext do not know";
    for command in ["run", "status"] {
        owned.driver(&[command]).expect(1).says(&[said, "setup --remove --keep-ledger"]);
    }
    owned.driver(&["setup", "--remove"]).expect(0);
    owned.driver(&["status"]).expect(0);
}

#[test]
fn the_extension_in_a_schema_of_its_own_is_no_second_edition() {
    let database = Database::create_empty().for_superuser();
    database.execute("CREATE SCHEMA rotation; CREATE EXTENSION ticket_ext SCHEMA rotation");
    database.complete(&["init", "--size", "10"]);
    database.complete(&["run"]);
}
