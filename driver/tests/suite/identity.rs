//! Tables and columns that change their names under a driver: the run ends at once, in the server's words.

use crate::common::{Database, Ended, Lock, Running, terminate, wait_for_blocked};

const SWAP_TABLES: &str = "ALTER TABLE ticket RENAME TO ticket_old; ALTER TABLE ticket_new RENAME TO ticket";

fn with_another_table() -> Database<'static> {
    let database = Database::with_tickets(1000);
    database.execute(
        "CREATE TABLE ticket_new (LIKE ticket INCLUDING ALL); INSERT INTO ticket_new TABLE ticket;
         CREATE TABLE other AS SELECT id, token FROM ticket_new",
    );
    database
}

/// A driver in whose third batch the names change. It does not take the time for retries.
fn meanwhile(database: &Database, change: &str) -> Ended {
    let lock = Lock::ticket(database, 120);
    let running = database.start(&["run", "--batch", "50", "--retry-for", "1h"]);
    wait_for_blocked(database, 1);
    // It waits for the driver's lock, as the driver does for the ticket's.
    let mut session = database.connect();
    let changing = std::thread::scope(|scope| {
        let changing = scope.spawn(move || session.batch_execute(&format!("BEGIN; {change}; COMMIT")));
        wait_for_blocked(database, 2);
        drop(lock);
        changing.join().expect("no panic")
    });
    changing.expect("the names change");
    running.wait().expect(1)
}

#[test]
fn a_table_that_is_swapped_under_a_driver_is_not_touched() {
    let database = with_another_table();
    let ended = meanwhile(&database, SWAP_TABLES);
    ended.says(&[
        "ERROR 55000: run 1 was started for table public.ticket, whose number public.ticket_old has now",
        "HINT: If it is the same table, go on under its new name: SELECT ",
        ".resume_ticket_rotation(",
    ]);
    assert_eq!(database.count("ticket JOIN other USING (id, token)"), 1000);
    assert_eq!(database.count("ticket_rotation"), 1);
}

#[test]
fn a_driver_that_comes_during_the_swap_starts_no_run_of_the_old_table() {
    for arguments in [&["run"][..], &["run", "--new"], &["run", "--fill-null"]] {
        let database = with_another_table();
        let mut swapping = database.connect();
        swapping.batch_execute(&format!("BEGIN; {SWAP_TABLES}")).expect("the names change");
        let running = database.start(arguments);
        wait_for_blocked(&database, 1);
        swapping.batch_execute("COMMIT").expect("the names change");
        let said = "is not the target that this command began with, which was table ticket (oid ";
        running.wait().expect(1).says(&[said, "HINT: It was renamed, or "]);
        assert_eq!(database.count("ticket_rotation"), 0);
    }
}

#[test]
fn a_start_that_waits_for_the_swap_is_none_of_the_old_table() {
    for call in ["start_ticket_rotation('ticket')", "rotate_ticket_tokens(NULL, 10, 'ticket')"] {
        let database = with_another_table();
        let mut swapping = database.connect();
        swapping.batch_execute(&format!("BEGIN; {SWAP_TABLES}")).expect("the names change");
        let mut calling = database.program("psql");
        calling.args(["--no-psqlrc", "--command", &format!("SELECT {call}")]);
        let calling = Running::start(calling);
        wait_for_blocked(&database, 1);
        swapping.batch_execute("COMMIT").expect("the names change");
        calling.wait().expect(1).says(&["table public.ticket was changed while a batch was at work"]);
        assert_eq!(database.count("ticket_rotation"), 0);
        database.one(call);
        assert_eq!(database.one("SELECT target_name FROM ticket_rotation"), "public.ticket");
    }
}

#[test]
fn a_driver_that_comes_after_the_swap_starts_no_run_by_itself() {
    let database = with_another_table();
    database.one("SELECT rotate_ticket_tokens(NULL, 100)");
    database.execute(SWAP_TABLES);
    let said = "ERROR 55000: run 1 belongs to a table that was called public.ticket and is called public.ticket_old now";
    database.end(&["run"], 1).says(&[said, "HINT: "]);
    assert_eq!(database.count("ticket JOIN other USING (id, token)"), 1000);
    database.complete(&["run", "--new"]).says(&["run 2 is finished"]);
    assert_eq!(database.count("ticket JOIN other USING (token)"), 0);
}

#[test]
fn a_driver_that_reconnects_to_another_table_of_the_name_ends() {
    let database = with_another_table();
    let lock = Lock::ticket(&database, 120);
    let running = database.start(&["run", "--batch", "50", "--retry-for", "1h"]);
    wait_for_blocked(&database, 1);
    terminate(&database);
    drop(lock);
    database.execute(SWAP_TABLES);
    running.wait().expect(1);
    assert_eq!(database.count("ticket JOIN other USING (id, token)"), 1000);
}

#[test]
fn a_column_that_is_swapped_under_a_driver_is_not_touched() {
    let database = Database::with_tickets(1000);
    database.execute("ALTER TABLE ticket ADD code uuid; UPDATE ticket SET code = token");
    let swap = "ALTER TABLE ticket RENAME token TO token_old; ALTER TABLE ticket RENAME code TO token";
    meanwhile(&database, swap).says(&[
        "ERROR 55000: run 1 of table public.ticket is of another column that was called \"token\"",
        "HINT: ",
    ]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 1000);
}
