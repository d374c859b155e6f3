//! What a setup makes, and where it changes nothing.

use serde_json::Value;

use super::{Owned, with_extension};
use crate::common::{Database, Lock, Running, wait_for_blocked};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn the_owner_of_a_database_installs_it_and_a_second_time_changes_nothing() {
    let owned = Owned::create();
    let database = &owned.database.name;
    let said = owned.driver(&["setup"]).expect(0).stdout;
    let expected = format!(
        "installed ticket_ext {VERSION} (plain SQL) into schema ticket_ext of database {database}, as role {}\n\
         next: rotate-driver run\n",
        owned.owner
    );
    assert_eq!(said, expected);
    let made =
        "SELECT array_agg(oid ORDER BY oid) FROM pg_class WHERE relnamespace = 'ticket_ext'::regnamespace";
    let before = owned.database.one(made);
    let said = owned.driver(&["setup"]).expect(0).stdout;
    assert!(said.starts_with(&format!("schema ticket_ext of database {database} is up to date: ")), "{said}");
    assert_eq!(owned.database.one(made), before);
}

#[test]
fn a_program_reads_one_object() {
    let owned = Owned::create();
    for event in ["installed", "up_to_date"] {
        let said = owned.driver(&["setup", "--schema", "My rotation", "--format", "json"]).expect(0).stdout;
        let said: Value = serde_json::from_str(&said).expect("one JSON object");
        assert_eq!((&said["event"], &said["version"]), (&event.into(), &VERSION.into()));
        assert_eq!(said["schema"], "\"My rotation\"");
    }
    owned.driver(&["setup"]).expect(1).says(&["is installed in schema \"My rotation\": nothing was changed"]);
}

#[test]
fn an_empty_schema_of_the_role_will_do_where_it_may_create_none() {
    let owned = Owned::create();
    let role = owned.other("rotator");
    owned.driver_as(&role, &["setup"]).expect(1).says(&[
        &format!("role {role} may not create a schema in database {}: nothing", owned.database.name),
        &format!("HINT: GRANT CREATE ON DATABASE {} TO {role};", owned.database.name),
    ]);
    owned.database.execute(&format!("CREATE SCHEMA ticket_ext AUTHORIZATION {role}"));
    owned.driver_as(&role, &["setup"]).expect(0);
}

#[test]
fn a_schema_that_it_did_not_make_is_left_alone() {
    for make in [
        "CREATE SCHEMA ticket_ext; CREATE TABLE ticket_ext.mine ()",
        "CREATE SCHEMA ticket_ext; GRANT CREATE ON SCHEMA ticket_ext TO PUBLIC",
    ] {
        let owned = Owned::create();
        owned.execute(make);
        let said = "schema ticket_ext exists and was not made by rotate-driver setup: nothing was changed";
        owned.driver(&["setup"]).expect(1).says(&[said, "HINT: Name a schema that does not exist"]);
        assert_eq!(owned.database.count("pg_class WHERE relname LIKE 'ticket_rotation%'"), 0);
    }
}

#[test]
fn the_edition_of_another_role_is_left_alone() {
    let owned = Owned::with_setup();
    let other = owned.other("superuser");
    owned.database.execute(&format!("ALTER ROLE {other} SUPERUSER"));
    for arguments in [&["setup"][..], &["setup", "--remove"]] {
        let said = format!("in schema ticket_ext belongs to role {}: nothing was changed", owned.owner);
        owned.driver_as(&other, arguments).expect(1).says(&[&said, "PGOPTIONS='-c role="]);
    }
}

#[test]
fn shared_schemas_and_names_that_end_a_quotation_are_a_usage_error() {
    let owned = Owned::create();
    for name in ["public", "pg_catalog", "x\"y", "x'y", "$x$", ""] {
        owned.driver(&["setup", "--schema", name]).expect(2);
        owned.driver(&["setup", "--print", "--schema", name]).expect(2);
    }
}

#[test]
fn a_database_with_the_extension_is_left_alone() {
    let database = with_extension();
    database.end(&["setup"], 1).says(&[
        "extension ticket_ext is installed in this database, in schema public: nothing was changed",
        "HINT: rotate-driver works with the extension",
    ]);
}

#[test]
fn two_at_the_same_time_install_it_once() {
    let owned = Owned::create();
    let lock = Lock::hold(
        &owned.database,
        "SELECT pg_advisory_xact_lock(hashtextextended('rotate-driver setup', 0))",
    );
    let start = || {
        let mut command = owned.database.driver(&["setup"]);
        command.env("PGUSER", &owned.owner);
        Running::start(command)
    };
    let running = [start(), start()];
    wait_for_blocked(&owned.database, 2);
    drop(lock);
    let mut said = running.map(|running| running.wait().expect(0).stdout);
    said.sort();
    assert!(said[0].starts_with("installed ") && said[1].contains(" is up to date"), "{said:?}");
}

#[test]
fn interrupted_it_leaves_nothing() {
    let owned = Owned::create();
    owned.database.execute(
        "CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(1); END';
         CREATE EVENT TRIGGER wait ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION wait()",
    );
    let _lock = Lock::hold(&owned.database, "SELECT pg_advisory_xact_lock(1)");
    let running = owned.database.start(&["setup"]);
    wait_for_blocked(&owned.database, 1);
    running.signal(libc::SIGINT);
    running.wait().expect(130).says(&["interrupted: nothing was changed"]);
    assert!(!owned.has_schema("ticket_ext"));
}

#[test]
fn a_superuser_is_told_that_the_functions_refuse_him() {
    let database = Database::create_empty().for_superuser();
    database.complete(&["setup"]).says(&["its functions refuse superusers"]);
}

/// As on a server that has no files of the extension.
const NOT_AVAILABLE: &str = "SET allow_system_table_mods = on;
    CREATE OR REPLACE VIEW pg_catalog.pg_available_extensions AS
    SELECT name, default_version, extversion AS installed_version, comment
    FROM pg_available_extensions() LEFT JOIN pg_extension ON name = extname
    WHERE name <> 'ticket_ext'";

#[test]
fn without_any_edition_every_command_says_what_to_do_in_one_line() {
    let owned = Owned::create();
    let said = |says: &[&str]| {
        for command in ["run", "status", "verify", "pause"] {
            owned.driver(&[command]).expect(1).says(says);
        }
    };
    said(&["is not installed in database", "HINT: In that database, run: CREATE EXTENSION ticket_ext;"]);
    owned.database.execute(NOT_AVAILABLE);
    said(&[
        "its extension is not available on this server",
        "as the owner of the table: rotate-driver setup",
    ]);
}

#[test]
fn the_next_command_after_init_is_the_one_that_is_missing() {
    let owned = Owned::create();
    owned.database.execute(NOT_AVAILABLE);
    let next = |lines: &str| {
        let said = owned.driver(&["init", "--size", "5"]).expect(0).stdout;
        assert!(said.ends_with(&format!(" with 5 ticket(s)\n{lines}next: rotate-driver run\n")), "{said}");
    };
    next("next: rotate-driver setup\n");
    owned.driver(&["setup"]).expect(0);
    next("");
}
