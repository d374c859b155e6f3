//! `run --progress json`: one object a line.

use serde_json::Value;

use crate::common::{Database, Server};

const KEYS: [&str; 13] = [
    "event",
    "run_id",
    "state",
    "phase",
    "tickets_done",
    "tickets_planned",
    "percent",
    "tickets_per_second",
    "seconds_remaining",
    "last_id",
    "finished_at",
    "seconds_since_finish",
    "throttle",
];

/// Further ones of the first line.
const PLACE: [&str; 5] = ["target", "token_column", "database", "server", "role"];

fn lines(output: &str) -> Vec<Value> {
    let lines: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    for line in &lines {
        let keys = line.as_object().expect("an object").keys();
        let more: &[&str] = if line["event"] == "rotating" { &PLACE } else { &[] };
        assert!(keys.eq(KEYS.iter().chain(more)), "{line}");
    }
    lines
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["event"].as_str()).collect()
}

#[test]
fn lines_tell_a_run_from_its_start_to_its_end() {
    let database = Database::with_tickets(1000);
    database.slow_down(60);
    let ended = database.complete(&["run", "--batch", "20", "--progress", "json", "--interval", "1"]);
    let lines = lines(&ended.stdout);
    let events = events(&lines);
    let (first, middle, last) = (&events[..2], &events[2..events.len() - 1], events[events.len() - 1]);
    assert_eq!((first, last), (&["rotating", "started"][..], "finished"));
    assert!(!middle.is_empty() && middle.iter().all(|event| *event == "progress"), "{events:?}");
    for key in ["tickets_done", "percent", "last_id"] {
        assert!(lines.is_sorted_by_key(|line| line[key].as_f64()), "{key}");
    }
    assert!(lines.iter().all(|line| line["percent"].as_f64() <= Some(100.0)));
}

#[test]
fn the_first_and_the_last_line_hold_what_is_known() {
    let database = Database::with_tickets(1000);
    database.one("SELECT rotate_ticket_tokens(0, 250)");
    let ended = database.complete(&["run", "--progress", "json"]);
    let lines = lines(&ended.stdout);
    let first = r#"{"event":"started","run_id":1,"state":"active","phase":"rotating","tickets_done":250,"tickets_planned":1000,"percent":25.0,"tickets_per_second":null,"seconds_remaining":null,"last_id":250,"finished_at":null,"seconds_since_finish":null,"throttle":null}"#;
    assert_eq!(lines[1].to_string(), first);
    let last = &lines[lines.len() - 1];
    assert_eq!((&last["state"], &last["percent"]), (&"finished".into(), &100.0.into()));
    assert_eq!((&last["tickets_done"], &last["seconds_remaining"]), (&1000.into(), &0.into()));
}

#[test]
fn the_first_line_says_what_is_rotated_and_where() {
    let database = Database::with_tickets(1000);
    let ended = database.complete(&["run", "--progress", "json"]);
    let place = &lines(&ended.stdout)[0];
    let said = ["event", "target", "token_column", "database", "role"].map(|key| place[key].as_str());
    assert_eq!(said, ["rotating", "public.ticket", "token", &database.name, &database.role].map(Some));
    assert_eq!(place["tickets_planned"], 1000);
    assert!(place["server"].as_str().is_some_and(|server| server.contains(".s.PGSQL.")), "{place}");
}

#[test]
fn a_run_that_was_finished_before_has_one_line_which_says_so() {
    let database = Database::with_tickets(10);
    database.complete(&["run"]);
    database.execute("UPDATE ticket_rotation SET finished_at = finished_at - interval '364 days'");
    let ended = database.complete(&["run", "--progress", "json"]).says(&["run 1 finished 364 d ago"]);
    let lines = lines(&ended.stdout);
    assert_eq!(events(&lines), ["already_finished"]);
    assert!(lines[0]["finished_at"].is_string());
    assert_eq!(lines[0]["seconds_since_finish"].as_u64().map(|seconds| seconds / 86_400), Some(364));
}

#[test]
fn a_failure_is_a_line_too() {
    let database = Database::create_empty_on(Server::shared());
    let ended = database.end(&["run", "--progress", "json"], 1);
    let line: Value = serde_json::from_str(&ended.stdout).expect("one line of JSON");
    assert_eq!(
        (&line["event"], &line["run_id"], &line["sqlstate"]),
        (&"failed".into(), &Value::Null, &Value::Null)
    );
    assert!(line["error"].as_str().is_some_and(|error| error.contains("ticket_ext is not installed")));
}
