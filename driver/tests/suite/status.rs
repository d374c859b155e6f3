//! `status`, as text and as JSON, once and until the end.

use serde_json::Value;

use crate::common::{Database, Lock, wait_for_blocked};

fn json(database: &Database) -> Value {
    let ended = database.complete(&["status", "--format", "json"]);
    serde_json::from_str(&ended.stdout).expect("one line of JSON")
}

/// The lines without the times of day.
fn text(database: &Database) -> Vec<String> {
    let ended = database.complete(&["status"]);
    let timeless = |line: &&str| {
        !["started", "updated", "last batch", "rate", "remaining"].iter().any(|w| line.starts_with(w))
    };
    ended.stdout.lines().filter(timeless).map(str::to_owned).collect()
}

#[test]
fn a_table_that_was_never_rotated_says_so() {
    let database = Database::with_tickets(10);
    let said = database.complete(&["status"]).stdout;
    assert_eq!(said, "ticket (token) has never had a run; start one with: rotate-driver run\n");
    assert_eq!(json(&database).to_string(), r#"{"run_id":null,"target":"ticket","token_column":"token"}"#);
}

#[test]
fn a_run_is_shown_as_it_stands() {
    let database = Database::with_tickets(1000);
    database.one("SELECT rotate_ticket_tokens(0, 250)");
    let expected = [
        "target          ticket (token)",
        "run             1",
        "state           active",
        "phase           rotating",
        "completed       25.00 % (250 of 1000)",
        "waits for       -",
        "tuned           -",
        "key             id",
        "format          uuid",
        "without token   0",
        "last id         250",
        "finished        -",
        "held off        -",
    ];
    assert_eq!(text(&database), expected);
    let status = json(&database);
    assert_eq!((&status["state"], &status["percent"]), (&"active".into(), &25.0.into()));
    assert_eq!((&status["tickets_done"], &status["last_id"]), (&250.into(), &250.into()));
    assert!(status["tickets_per_second"].is_number() && status["finished_at"].is_null(), "{status}");
}

#[test]
fn a_run_that_nobody_works_on_has_no_rate_and_no_time_remaining() {
    let database = Database::with_tickets(1000);
    database.one("SELECT rotate_ticket_tokens(NULL, 250)");
    database.execute(
        "UPDATE ticket_rotation_batch SET started_at = now() - interval '2 h 15 min',
                                          finished_at = now() - interval '2 h 14 min 5 s'",
    );
    let text = database.complete(&["status"]).stdout;
    assert!(text.contains("rate            no batch since 2 h 14 min\nremaining time  -\n"), "{text}");
    let status = json(&database);
    assert!(status["tickets_per_second"].is_null() && status["seconds_remaining"].is_null(), "{status}");
    let last_batch = status["last_batch_at"].as_str().expect("a time");
    let same = format!("SELECT finished_at = '{last_batch}' FROM ticket_rotation_batch");
    assert_eq!(database.one(&same), "true");
}

#[test]
fn a_finished_run_is_shown_with_its_times() {
    let database = Database::with_tickets(1000);
    database.complete(&["run"]);
    let status = json(&database);
    assert_eq!((&status["state"], &status["percent"]), (&"finished".into(), &100.0.into()));
    let time = |key: &str| status[key].as_str().expect("a time").to_owned();
    let sql = format!(
        "SELECT started_at = '{}' AND finished_at = '{}' FROM ticket_rotation",
        time("started_at"),
        time("finished_at")
    );
    assert_eq!(database.one(&sql), "true");
}

#[test]
fn watching_ends_with_the_run() {
    let database = Database::with_tickets(1000);
    let lock = Lock::ticket(&database, 300);
    let run = database.start(&["run", "--batch", "100"]);
    wait_for_blocked(&database, 1);
    let watch = database.start(&["status", "--watch", "1", "--format", "json"]);
    watch.wait_for_stdout("\n");
    drop(lock);
    run.wait().expect(0);
    let ended = watch.wait().expect(0);
    let states: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (first, last) = (&states[0], &states[states.len() - 1]);
    assert_eq!((&first["state"], &first["tickets_done"]), (&"active".into(), &200.into()));
    assert_eq!((&last["state"], &last["tickets_done"]), (&"finished".into(), &1000.into()));
}

#[test]
fn watching_a_run_that_is_over_ends_at_once() {
    let database = Database::with_tickets(10);
    database.complete(&["run"]);
    let watched = database.complete(&["status", "--watch"]).stdout;
    assert_eq!(watched.matches("state           finished").count(), 1);
}
