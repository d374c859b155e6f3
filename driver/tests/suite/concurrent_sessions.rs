//! Several sessions on one run.

use std::thread;

use crate::common::{Database, Lock, Running, oracle, poll, wait_for_blocked};

const SESSIONS: &str = "(SELECT DISTINCT backend FROM rotated) AS session";

#[test]
fn two_drivers_rotate_two_ranges_at_the_same_time() {
    let database = Database::with_tickets(4000);
    oracle::watch(&database);
    database.one("SELECT start_ticket_rotation(ranges => 4)");
    let lock = Lock::ticket(&database, 1);
    let first = database.start(&["run", "--workers", "1", "--batch", "50"]);
    wait_for_blocked(&database, 1);
    let second = database.start(&["run", "--workers", "1", "--batch", "50"]);
    poll("batches of the second driver", || database.count("rotated WHERE id > 1000") > 0);
    drop(lock);
    first.wait().expect(0);
    second.wait().expect(0);
    assert_eq!(database.count(SESSIONS), 2);
    assert_eq!(database.count("ticket_rotation_range"), 4);
    oracle::assert_rotated_once(&database);
}

#[test]
fn two_drivers_take_turns_on_a_single_range() {
    let database = Database::with_tickets(3000);
    oracle::watch(&database);
    let lock = Lock::ticket(&database, 70);
    let first = database.start(&["run", "--batch", "30"]);
    wait_for_blocked(&database, 1);
    let second = database.start(&["run", "--batch", "40"]);
    wait_for_blocked(&database, 2);
    drop(lock);
    first.wait().expect(0);
    second.wait().expect(0);
    oracle::assert_rotated_once(&database);
}

#[test]
fn drivers_that_start_at_once_start_one_run() {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    let drivers = [(); 4].map(|()| database.start(&["run", "--batch", "25"]));
    for driver in drivers {
        driver.wait().expect(0);
    }
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_driver_a_procedure_and_a_loop_of_calls_share_a_run() {
    let database = Database::with_tickets(6000);
    oracle::watch(&database);
    database.slow_down(1);
    database.one("SELECT start_ticket_rotation(ranges => 3)");
    let locks = [1, 2001, 4001].map(|id| Lock::ticket(&database, id));
    let driver = database.start(&["run", "--workers", "1", "--batch", "50"]);
    let mut procedure = database.program("psql");
    procedure.args(["-c", "CALL rotate_all_tickets(60)"]);
    let procedure = Running::start(procedure);
    thread::scope(|scope| {
        scope.spawn(|| call_until_null(&database));
        wait_for_blocked(&database, 3);
        drop(locks);
    });
    driver.wait().expect(0);
    procedure.wait().expect(0);
    assert_eq!(database.count(SESSIONS), 3);
    oracle::assert_rotated_once(&database);
}

fn call_until_null(database: &Database) {
    let mut client = database.connect();
    let mut call = || -> Option<i64> {
        let row = client.query_one("SELECT rotate_ticket_tokens(0, 70)", &[]);
        row.expect("a batch").get(0)
    };
    while call().is_some() {}
}

#[test]
fn calls_that_start_in_the_middle_leave_nothing_behind() {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    for after_id in [1200, 700, 1990, 705] {
        database.one(&format!("SELECT rotate_ticket_tokens({after_id}, 90)"));
    }
    database.complete(&["run", "--batch", "100"]);
    oracle::assert_rotated_once(&database);
}
