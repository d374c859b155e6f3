//! `--throttle-query`, by a table that the test changes.

use super::{RUN, expect_held, start};
use crate::common::{Database, Pooler, Running, poll};

const QUERY: [&str; 2] = ["--throttle-query", "SELECT busy FROM load -- of the application"];

fn with_load(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    database.execute("CREATE TABLE load (busy boolean); INSERT INTO load VALUES (true)");
    database
}

#[test]
fn a_run_waits_while_the_query_returns_true() {
    let database = with_load(6000);
    database.slow_down(20);
    let running = start(&database, &QUERY);
    expect_held(&database, &running, "the throttle query says so");
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    database.execute("UPDATE load SET busy = false");
    poll("batches", || database.count("ticket_rotation_batch") > 0);
    database.execute("UPDATE load SET busy = true");
    expect_held(&database, &running, "the throttle query says so");
    database.execute("DELETE FROM load");
    running.wait().expect(0);
}

#[test]
fn a_query_that_fails_later_on_holds_the_run_until_it_works_again() {
    let database = with_load(5000);
    database.slow_down(200);
    database.execute("UPDATE load SET busy = false");
    let running = start(&database, &QUERY);
    poll("batches", || database.count("ticket_rotation_batch") > 0);
    database.execute("DROP TABLE load");
    let failure = "cannot read the throttle query: ERROR 42P01: relation \"load\" does not exist";
    expect_held(&database, &running, failure);
    database.execute("CREATE TABLE load (busy numeric); DROP TRIGGER rest ON ticket");
    running.wait().expect(0);
}

#[test]
fn what_is_no_query_for_a_yes_or_a_no_is_refused_before_anything_is_done() {
    let database = with_load(10);
    database.execute(
        "CREATE FUNCTION change() RETURNS integer LANGUAGE sql AS 'INSERT INTO load VALUES (true) RETURNING 1'",
    );
    for (query, error, hint) in [
        ("SELECT busy FROM nowhere", "ERROR 42P01: relation \"nowhere\" does not exist", "one SELECT"),
        ("DELETE FROM load RETURNING 1", "ERROR 42601: syntax error", "one SELECT"),
        (
            "SELECT change()",
            "ERROR 25006: cannot execute INSERT in a read-only transaction",
            "changes nothing",
        ),
        ("SELECT 1 FROM load FOR UPDATE", "ERROR 25006: cannot execute SELECT FOR UPDATE", "changes nothing"),
        (
            "SELECT 'busy'",
            "its first column is of type text, neither a boolean nor a number",
            "For example: ",
        ),
        (
            "SELECT 1 FROM pg_sleep(60)",
            "ERROR 57014: canceling statement due to statement timeout",
            "less than 5 s",
        ),
    ] {
        let ended = database.end(&[&RUN[..], &["--throttle-query", query]].concat(), 1);
        ended.says(&[&format!("cannot read the throttle query: {error}"), "HINT: ", hint]);
    }
    assert_eq!((database.count("ticket_rotation"), database.count("load")), (0, 1));
}

#[test]
fn a_query_leaves_nothing_behind_in_the_sessions_of_a_pooler() {
    let database = with_load(2000);
    let Some(pooler) = Pooler::before(database.server) else { return };
    let query = "SELECT busy, set_config('default_transaction_read_only', 'on', false) FROM load";
    let running =
        Running::start(pooler.driver(&database, &[&RUN[..], &["--throttle-query", query]].concat()));
    expect_held(&database, &running, "the throttle query says so");
    database.execute("UPDATE load SET busy = NULL");
    running.wait().expect(0);
}
