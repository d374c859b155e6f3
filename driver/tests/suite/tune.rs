//! `tune`, while drivers are at work.

use serde_json::Value;

use crate::common::{Database, Running, SESSION, oracle, poll, rotator};

const NEWEST_SIZE: &str = "SELECT tickets FROM ticket_rotation_batch ORDER BY finished_at DESC LIMIT 1";

/// Slow so that the run goes on until `hurry`.
fn with_ranges(ranges: u32) -> Database<'static> {
    let database = Database::with_tickets(20_000);
    oracle::watch(&database);
    database.slow_down(30);
    database.one(&format!("SELECT start_ticket_rotation(ranges => {ranges})"));
    database
}

fn hurry(database: &Database, drivers: impl IntoIterator<Item = Running>) {
    database.execute("DROP TRIGGER rest ON ticket");
    for driver in drivers {
        driver.wait().expect(0);
    }
    oracle::assert_rotated_once(database);
}

fn tune(database: &Database, options: &[&str]) -> String {
    database.complete(&[&["tune"], options].concat()).stdout
}

fn wait_for_sessions(database: &Database, number: i64) {
    poll("sessions that rotate", || database.count(SESSION) == number);
}

#[test]
fn workers_come_and_go_while_the_run_goes_on() {
    let database = with_ranges(8);
    let running = database.start(&["run", "--workers", "1", "--batch", "20"]);
    wait_for_sessions(&database, 1);
    let said = tune(&database, &["--workers", "4"]);
    assert_eq!(said, "run 1 is tuned from the next batches on: 4 workers\n");
    wait_for_sessions(&database, 4);
    running.wait_for_stderr("rotate-driver: tuned: 4 workers\n");
    tune(&database, &["--workers", "2"]);
    wait_for_sessions(&database, 2);
    tune(&database, &["--workers", "3"]);
    wait_for_sessions(&database, 3);
    let reset = tune(&database, &["--reset"]);
    assert_eq!(reset, "run 1 is tuned from the next batches on: as each driver's options say\n");
    wait_for_sessions(&database, 1);
    hurry(&database, [running]);
}

#[test]
fn there_are_never_more_workers_than_ranges() {
    let database = with_ranges(3);
    let running = database.start(&["run", "--workers", "1", "--batch", "20"]);
    wait_for_sessions(&database, 1);
    tune(&database, &["--workers", "64"]);
    running.wait_for_stderr("tuned: 64 workers");
    let before = database.count("ticket_rotation_batch");
    poll("more batches", || database.count("ticket_rotation_batch") > before + 20);
    assert_eq!(database.count(SESSION), 3);
    hurry(&database, [running]);
}

#[test]
fn a_batch_time_wins_over_a_fixed_number_until_it_is_reset() {
    let database = with_ranges(1);
    let running = database.start(&["run", "--batch", "50"]);
    poll("batches", || database.one(NEWEST_SIZE) == "50");
    tune(&database, &["--batch-time", "60s"]);
    poll("larger batches", || database.count("ticket_rotation_batch WHERE tickets > 150") > 0);
    tune(&database, &["--batch-time", "10ms"]);
    poll("the smallest batches", || database.one(NEWEST_SIZE) == "100");
    tune(&database, &["--reset"]);
    poll("batches as before", || database.one(NEWEST_SIZE) == "50");
    hurry(&database, [running]);
}

#[test]
fn nice_is_tuned_up_and_down_even_during_the_rest() {
    let database = with_ranges(1);
    let running = database.start(&["run", "--batch", "20"]);
    // Three seconds after each batch.
    tune(&database, &["--nice", "100"]);
    poll("a long rest", || {
        database.one("SELECT clock_timestamp() - max(finished_at) > '1 s' FROM ticket_rotation_batch")
            == "true"
    });
    let rests = database.count("ticket_rotation_batch");
    tune(&database, &["--nice", "0"]);
    poll("batches without rest", || database.count("ticket_rotation_batch") > rests + 20);
    hurry(&database, [running]);
}

#[test]
fn every_driver_of_the_run_heeds_it_and_says_so() {
    let database = with_ranges(12);
    let first = database.start(&["run", "--workers", "1", "--batch", "20"]);
    let second = database.start(&["run", "--workers", "1", "--batch", "20", "--progress", "json"]);
    wait_for_sessions(&database, 2);
    tune(&database, &["--workers", "3", "--batch-time", "100ms", "--nice", "0.5"]);
    wait_for_sessions(&database, 6);
    let late = database.start(&["run", "--workers", "1"]);
    wait_for_sessions(&database, 9);
    for driver in [&first, &second, &late] {
        driver.wait_for_stderr("rotate-driver: tuned: 3 workers, batch time 100ms, nice 0.5\n");
    }
    let event = r#""throttle":null,"batch_time_seconds":0.1,"nice":0.5,"workers":3}"#;
    second.wait_for_stdout(event);
    hurry(&database, [first, second, late]);
}

#[test]
fn what_is_not_named_stays_and_the_status_shows_it() {
    let database = Database::with_tickets(100);
    database.one("SELECT rotate_ticket_tokens(0, 10)");
    tune(&database, &["--batch-time", "1s"]);
    let said = tune(&database, &["--nice", "2"]);
    assert_eq!(said, "run 1 is tuned from the next batches on: batch time 1s, nice 2\n");
    let text = database.complete(&["status"]).stdout;
    assert!(text.contains("\ntuned           batch time 1s, nice 2\n"), "{text}");
    let json: Value =
        serde_json::from_str(&database.complete(&["status", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((&json["batch_time_seconds"], &json["nice"]), (&1.0.into(), &2.0.into()));
    assert!(json["workers"].is_null() && json["waiting_for"].is_null(), "{json}");
    database.one("SELECT cancel_ticket_rotation()");
    database.complete(&["run", "--new"]);
    let text = database.complete(&["status"]).stdout;
    assert!(text.contains("\ntuned           -\n"), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let database = Database::with_tickets(10);
    database.end(&["tune"], 2).says(&["--batch-time <TIME>|--nice <R>|--workers <N>|--reset"]);
    database.end(&["tune", "--reset", "--nice", "1"], 2).says(&["--reset", "cannot be used with"]);
    for (option, value) in [("--nice", "101"), ("--workers", "65"), ("--batch-time", "9ms")] {
        database.end(&["tune", option, value], 2).says(&["error: invalid value", option]);
    }
    let tune = ["tune", "--nice", "1"];
    database.end(&tune, 1).says(&["55000", "has never been rotated", "start_ticket_rotation("]);
    database.complete(&["run"]);
    database.end(&tune, 1).says(&["55000", "run 1 of table public.ticket is finished"]);
}

#[test]
fn the_role_that_rotates_may_tune() {
    let database = with_ranges(4);
    let role = rotator(&database, "public.ticket");
    let as_role = |arguments: &[&str]| {
        let mut command = database.driver(arguments);
        command.env("PGUSER", &role);
        Running::start(command)
    };
    let running = as_role(&["run", "--workers", "1", "--batch", "20"]);
    wait_for_sessions(&database, 1);
    as_role(&["tune", "--workers", "3"]).wait().expect(0);
    wait_for_sessions(&database, 3);
    hurry(&database, [running]);
}
