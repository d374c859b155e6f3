//! Time limits of a role, as administrators set them for applications: long statements of the driver are free of them.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Database, Ended, List, Lock, Pooler, Running, oracle, rotator, wait_for_blocked};

const CANCELLED: &str = "57014";

/// A role that may rotate, and may take 300 ms for a statement.
fn hurried(database: &Database) -> String {
    let role = rotator(database, "public.ticket");
    for limit in ["statement_timeout", "idle_in_transaction_session_timeout"] {
        database.execute(&format!("ALTER ROLE \"{role}\" SET {limit} = '300ms'"));
    }
    role
}

/// The table is locked until the command has waited for it for longer than it may.
fn behind_a_lock(database: &Database, command: Command) -> Ended {
    let lock = Lock::hold(database, "LOCK TABLE ticket");
    let running = Running::start(command);
    wait_for_blocked(database, 1);
    sleep(Duration::from_millis(700));
    drop(lock);
    let ended = running.wait().expect(0);
    assert!(!ended.stderr.contains(CANCELLED), "{}", ended.stderr);
    ended
}

fn as_role(role: &str, mut command: Command) -> Command {
    command.env("PGUSER", role);
    command
}

#[test]
fn a_start_that_takes_longer_than_the_role_may_is_not_cancelled() {
    let database = Database::with_tickets(1000);
    let role = hurried(&database);
    // Batches are not freed of the limit: small ones keep to it on a busy machine, too.
    behind_a_lock(&database, as_role(&role, database.driver(&["run", "--batch", "50"])));
    behind_a_lock(&database, as_role(&role, database.driver(&["run", "--new", "--batch", "50"])));
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
}

#[test]
fn evidence_that_takes_longer_than_the_role_may_is_gathered() {
    let database = Database::with_tickets(1000);
    let list = List::of(&database, "SELECT token FROM leaked");
    let role = hurried(&database);
    database.execute(&format!("GRANT SELECT ON ticket TO \"{role}\""));
    database.complete(&["run"]);
    for arguments in
        [&["verify"][..], &["verify", "--leaked", list.path()], &["trace", "--leaked", list.path()]]
    {
        behind_a_lock(&database, as_role(&role, database.driver(arguments)));
    }
}

#[test]
fn a_sweep_names_whom_it_waits_for_though_the_role_may_not_wait_so_long() {
    let database = Database::with_tickets(100);
    oracle::watch(&database);
    let role = hurried(&database);
    database.execute("DELETE FROM ticket WHERE id = 5");
    let late =
        Lock::hold(&database, "INSERT INTO ticket (id, token) SELECT id, token FROM leaked WHERE id = 5");
    let running = Running::start(as_role(&role, database.driver(&["run"])));
    running.wait_for_stderr("cannot finish while transactions older than it write");
    drop(late);
    running.wait().expect(0);
}

#[test]
fn limits_are_lifted_through_a_pooler_too() {
    let database = Database::with_tickets(1000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    database.execute(&format!("ALTER DATABASE {} SET statement_timeout = '300ms'", database.name));
    behind_a_lock(&database, pooler.driver(&database, &["run"]));
    behind_a_lock(&database, pooler.driver(&database, &["verify"]));
}
