//! `init` makes a sample table and touches no other.

use crate::common::{Database, Lock, Running, Server, wait_for_blocked};

const FOREIGN: &str = "exists and was not made by rotate-driver init: nothing was changed";

/// Makes the last statement of `init` wait, when the new table stands but is not committed.
fn hold_up_init(database: &Database) -> Lock {
    database.administrator().execute(
        "CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(1); END';
         CREATE EVENT TRIGGER wait ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION wait()",
    );
    Lock::hold(database, "SELECT pg_advisory_xact_lock(1)")
}

fn init_held_up(database: &Database) -> Running {
    let running = database.start(&["init", "--size", "500"]);
    wait_for_blocked(database, 1);
    running
}

#[test]
fn a_table_of_the_given_size_is_made_and_the_next_command_named() {
    let database = Database::create();
    let said = database.complete(&["init", "--size", "1234"]).stdout;
    assert_eq!(said, "made table ticket with 1234 ticket(s)\nnext: rotate-driver run\n");
    let expected = "1234 1 1234 1234";
    let found = "SELECT concat_ws(' ', count(*), min(id), max(id), count(DISTINCT token)) FROM ticket";
    assert_eq!(database.one(found), expected);
    database.complete(&["run"]);
}

#[test]
fn a_thousand_tickets_are_the_default_and_its_own_table_is_replaced() {
    let database = Database::with_tickets(5);
    database.complete(&["run"]);
    database.complete(&["init"]);
    assert_eq!(database.count("ticket"), 1000);
    database.complete(&["run"]);
    assert_eq!(database.one("SELECT tickets_done FROM batch_progress ORDER BY run_id DESC LIMIT 1"), "1000");
}

#[test]
fn what_it_did_not_make_stays_untouched() {
    for make in [
        "CREATE TABLE ticket AS SELECT 1 AS id",
        "CREATE VIEW ticket AS SELECT 1 AS id",
        "CREATE MATERIALIZED VIEW ticket AS SELECT 1 AS id",
        "CREATE TABLE ticket AS SELECT 1 AS id; COMMENT ON TABLE ticket IS 'mine'",
    ] {
        let database = Database::create();
        database.execute(make);
        database.end(&["init"], 1).says(&[FOREIGN, "HINT: Name another table by --table"]);
        assert_eq!(database.one("SELECT array_agg(id) FROM ticket"), "{1}", "{make}");
    }
}

#[test]
fn any_name_can_be_given_and_the_extension_may_come_later() {
    let database = Database::create_empty_on(Server::shared()).for_superuser();
    let scope = ["--table", r#""Old; ""Tickets"" {size}""#, "--token-column", r#"the "token"#];
    let said = database.complete(&[&scope[..], &["init", "--size", "9"]].concat()).stdout;
    assert!(said.contains("next, in SQL: CREATE EXTENSION ticket_ext;\n"), "{said}");
    database.execute("CREATE EXTENSION ticket_ext");
    database.complete(&[&scope[..], &["run"]].concat());
    assert_eq!(database.count(r#""Old; ""Tickets"" {size}" WHERE "the ""token" IS NOT NULL"#), 9);
}

#[test]
fn init_killed_before_its_end_leaves_the_old_table() {
    let database = Database::with_tickets(10);
    let lock = hold_up_init(&database);
    let running = init_held_up(&database);
    running.signal(libc::SIGKILL);
    running.wait();
    drop(lock);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
    assert_eq!(database.count("ticket"), 10);
}

#[test]
fn init_interrupted_changes_nothing_and_exits_130() {
    let database = Database::with_tickets(10);
    let _lock = hold_up_init(&database);
    let running = init_held_up(&database);
    running.signal(libc::SIGINT);
    running.wait().expect(130).says(&["interrupted: nothing was changed"]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
}
