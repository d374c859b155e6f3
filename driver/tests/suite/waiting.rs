//! What a run waits for, as others see it.

use libc::SIGTERM;
use serde_json::Value;

use crate::common::{Database, Running, poll, rotator};

const REASON: &str = "the throttle query says so";
const RUN: [&str; 6] = ["run", "--batch", "50", "--throttle-query", "SELECT busy FROM load", "--progress"];

fn held_up(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    database.execute("CREATE TABLE load AS SELECT true AS busy; GRANT SELECT ON load TO PUBLIC");
    database
}

fn waiting_for(database: &Database) -> String {
    database.one("SELECT waiting_for FROM batch_progress")
}

fn go_on(database: &Database) {
    database.execute("UPDATE load SET busy = false");
}

#[test]
fn the_reason_is_shown_by_status_and_view_until_the_run_goes_on() {
    let database = held_up(1000);
    database.slow_down(60);
    let running = database.start(&[&RUN[..], &["json", "--interval", "1"]].concat());
    poll("the reason", || waiting_for(&database) == REASON);
    let text = database.complete(&["status"]).stdout;
    assert!(text.contains(&format!("\nwaits for       {REASON}\n")), "{text}");
    let json = database.complete(&["status", "--format", "json"]).stdout;
    assert!(json.contains(&format!(r#""waiting_for":"{REASON}""#)), "{json}");
    go_on(&database);
    poll("no reason any more", || waiting_for(&database).is_empty());
    let ended = running.wait().expect(0).says(&[&format!("rotate-driver: waits: {REASON}\n"), "goes on\n"]);
    let lines = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let (held, others): (Vec<_>, Vec<_>) = lines.partition(|line| line["event"] == "throttled");
    assert!(!held.is_empty() && held.iter().all(|line| line["throttle"] == REASON), "{}", ended.stdout);
    assert!(others.iter().all(|line| line["throttle"].is_null()), "{}", ended.stdout);
}

#[test]
fn a_signal_ends_the_wait() {
    let database = held_up(100);
    let running = database.start(&[&RUN[..], &["plain"]].concat());
    running.wait_for_stderr(REASON);
    running.signal(SIGTERM);
    running.wait().expect(143).says(&["run 1 is interrupted; continue with: rotate-driver run --batch 50"]);
    assert_eq!(database.count("ticket_rotation_batch"), 0);
}

#[test]
fn a_run_that_waits_heeds_pause_and_tune() {
    let database = held_up(100);
    let running = database.start(&[&RUN[..], &["plain"]].concat());
    running.wait_for_stderr(REASON);
    database.complete(&["tune", "--nice", "0.1"]);
    running.wait_for_stderr("tuned: nice 0.1");
    database.complete(&["pause"]);
    running.wait().expect(4).says(&["run 1 is paused"]);
    assert_eq!(database.count("ticket_rotation_batch"), 0);
}

#[test]
fn a_role_that_may_not_write_the_reason_down_rotates_all_the_same() {
    let database = held_up(1000);
    let role = rotator(&database, "public.ticket");
    let start = || {
        let mut command = database.driver(&[&RUN[..], &["plain"]].concat());
        command.env("PGUSER", &role);
        Running::start(command)
    };
    let first = start();
    poll("the reason", || waiting_for(&database) == REASON);
    first.signal(SIGTERM);
    first.wait().expect(143);
    database.execute(&format!(
        "DELETE FROM ticket_rotation_control; REVOKE ALL ON ticket_rotation_control FROM \"{role}\""
    ));
    let second = start();
    let complaint = "others do not see what this run waits for: ERROR 42501: permission denied";
    second.wait_for_stderr(complaint);
    go_on(&database);
    let ended = second.wait().expect(0).says(&["sql/roles.sql", "run 1 is finished"]);
    assert_eq!(ended.stderr.matches(complaint).count(), 1);
    assert_eq!(database.count("ticket_rotation_control"), 0);
}
