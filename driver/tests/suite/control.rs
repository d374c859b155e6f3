//! Pause, resume and cancel, while a driver is at work.

use crate::common::{Database, Ended, Lock, oracle, wait_for_blocked};

/// Runs a statement while the third batch of a driver waits for a ticket.
fn in_the_middle(database: &Database, act: impl FnOnce()) -> Ended {
    let lock = Lock::ticket(database, 120);
    let running = database.start(&["run", "--batch", "50", "--progress", "json"]);
    wait_for_blocked(database, 1);
    act();
    drop(lock);
    running.wait()
}

fn last_event(ended: &Ended) -> String {
    let line = ended.stdout.lines().last().expect("a line of JSON");
    let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
    value["event"].as_str().expect("an event").to_owned()
}

#[test]
fn a_run_paused_from_another_session_stops_and_goes_on_after_resume() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let ended = in_the_middle(&database, || {
        database.one("SELECT pause_ticket_rotation()");
    });
    let ended = ended.expect(4).says(&["run 1 is paused; let it go on with: rotate-driver resume"]);
    assert_eq!(last_event(&ended), "paused");
    assert_eq!(database.count("ticket_rotation_batch"), 3);
    database.end(&["run"], 4).says(&["run 1 is paused"]);
    assert_eq!(database.count("ticket_rotation_batch"), 3);
    let resumed = database.complete(&["resume"]).stdout;
    assert_eq!(resumed, "run 1 may go on; continue it with: rotate-driver run\n");
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_drivers_own_pause_stops_another_driver() {
    let database = Database::with_tickets(1000);
    let ended = in_the_middle(&database, || {
        let paused = database.complete(&["pause"]).stdout;
        assert!(paused.starts_with("run 1 is paused from the next batch on"), "{paused}");
    });
    ended.expect(4);
    assert_eq!(database.one("SELECT state FROM batch_progress"), "paused");
}

#[test]
fn a_cancelled_run_stays_as_it_is_until_a_new_one_is_asked_for() {
    let database = Database::with_tickets(1000);
    let ended = in_the_middle(&database, || {
        let cancelled = database.complete(&["cancel"]).stdout;
        assert_eq!(cancelled, "run 1 is cancelled; start another with: rotate-driver run --new\n");
    });
    let ended = ended.expect(4).says(&["run 1 is cancelled; start another with: rotate-driver run --new"]);
    assert_eq!(last_event(&ended), "cancelled");
    database.end(&["run"], 4).says(&["run 1 is cancelled"]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 850);
    database.complete(&["run", "--new"]).says(&["run 2 is finished"]);
    assert_eq!(database.count("ticket JOIN leaked USING (token)"), 0);
}

#[test]
fn a_run_that_is_over_cannot_be_paused_or_resumed() {
    let database = Database::with_tickets(100);
    for command in ["pause", "resume", "cancel"] {
        database.end(&[command], 1).says(&["55000", "has never been rotated", "start_ticket_rotation("]);
    }
    database.complete(&["run"]);
    for command in ["pause", "resume", "cancel"] {
        database.end(&[command], 1).says(&["55000", "run 1 of table public.ticket is finished"]);
    }
}
