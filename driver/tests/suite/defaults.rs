//! Defaults of a role, as applications and administrators set them, do not get in the way of the driver.

use std::process::Command;

use crate::common::{Database, List, Running, oracle, rotator};

fn with_defaults(database: &Database, defaults: &[(&str, &str)]) -> String {
    let role = rotator(database, "public.ticket");
    for (name, value) in defaults {
        database.execute(&format!("ALTER ROLE \"{role}\" SET {name} = {value}"));
    }
    role
}

fn as_role(role: &str, mut command: Command) -> Running {
    command.env("PGUSER", role);
    Running::start(command)
}

#[test]
fn odd_formats_of_values_change_nothing() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let role = with_defaults(
        &database,
        &[
            ("DateStyle", "'SQL, DMY'"),
            ("IntervalStyle", "sql_standard"),
            ("bytea_output", "escape"),
            ("client_encoding", "LATIN1"),
            ("standard_conforming_strings", "off"),
            ("backslash_quote", "off"),
            ("extra_float_digits", "-15"),
            ("TimeZone", "'Asia/Kathmandu'"),
            ("search_path", "''"),
            ("plan_cache_mode", "force_generic_plan"),
        ],
    );
    database.execute(&format!("GRANT SELECT ON ticket TO \"{role}\""));
    let list = List::of(&database, "SELECT token FROM leaked");
    let [table, leaked] = ["--table", "--leaked"];
    for arguments in [
        &["run", table, "public.ticket", "--batch", "100", leaked, list.path(), "--verify"][..],
        &["status", table, "public.ticket"],
        &["trace", table, "public.ticket", leaked, list.path()],
    ] {
        as_role(&role, database.driver(arguments)).wait().expect(0);
    }
    oracle::assert_rotated_once(&database);
}

#[test]
fn transactions_that_are_isolated_by_default_are_not_so_for_a_run() {
    for level in ["serializable", "'repeatable read'"] {
        let database = Database::with_tickets(1000);
        oracle::watch(&database);
        let role = with_defaults(&database, &[("default_transaction_isolation", level)]);
        for command in [&["run", "--batch", "100"][..], &["status"], &["verify"]] {
            as_role(&role, database.driver(command)).wait().expect(0);
        }
        oracle::assert_rotated_once(&database);
    }
}

#[test]
fn a_role_that_writes_nothing_by_default_is_told_how_to_change_that() {
    let database = Database::with_tickets(100);
    let role = with_defaults(&database, &[("default_transaction_read_only", "on")]);
    as_role(&role, database.driver(&["run"])).wait().expect(1).says(&[
        "ERROR 25006: cannot rotate tokens in a read-only transaction",
        "HINT: Transactions of this role are read-only unless they ask to write; in SQL: ALTER ROLE",
    ]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 100);
}
