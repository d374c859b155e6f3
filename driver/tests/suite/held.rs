//! What a run waits for because somebody holds it: shown everywhere with the holder, and given up after a while.

use postgres::Client;
use serde_json::Value;

use crate::common::{Database, Lock, Running, poll};

const HELD_TABLE: &str = "table public.ticket is locked by another session. It is held by process ";
const OLDER: &str =
    "cannot finish while transactions older than it write to the table. They may have inserted tickets";

fn waiting_for(database: &Database) -> String {
    database.one("SELECT waiting_for FROM batch_progress ORDER BY run_id DESC LIMIT 1")
}

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A forgotten transaction, and the process that has it.
fn forgotten(database: &Database, statement: &str) -> (Client, i32) {
    let mut session = database.connect();
    session
        .batch_execute(&format!("SET application_name = 'forgotten'; BEGIN; {statement}"))
        .expect("a lock");
    let process = session.query_one("SELECT pg_backend_pid()", &[]).expect("a process").get(0);
    (session, process)
}

/// A driver at the end of its run, which waits for a transaction that has inserted so many tickets.
fn at_the_end(tickets: u32, options: &[&str]) -> (Database<'static>, Client, Running) {
    let database = Database::with_tickets(300);
    let insert = format!("INSERT INTO ticket (id) SELECT -id FROM generate_series(1, {tickets}) AS id");
    let (older, _) = forgotten(&database, &insert);
    let running = database.start(&[&["run", "--batch", "50"], options].concat());
    poll("the end", || database.one("SELECT phase FROM batch_progress") == "sweeping");
    (database, older, running)
}

#[test]
fn a_range_in_a_forgotten_transaction_is_named_and_given_up_with_the_remedy() {
    let database = Database::with_tickets(100);
    database.one("SELECT start_ticket_rotation()");
    let (_session, process) = forgotten(&database, "SELECT rotate_ticket_tokens(NULL, 10)");
    let ended = database.end(&["run", "--retry-for", "4s", "--progress", "plain", "--interval", "1"], 75);
    let holder = format!("process {process} (forgotten, idle in transaction since ");
    let reason = "every range of run 1 that is left is locked by another session";
    let waits = format!(" | waits: {reason}. It is held by {holder}");
    assert!(ended.stdout.contains(&waits), "{}", ended.stdout);
    ended.says(&[
        &format!("rotate-driver: {reason}. It is held by {holder}"),
        &format!("without progress: ERROR 55P03: {reason}\nDETAIL: It is held by {holder}"),
        &format!("HINT: Wait and call again, or end it: SELECT pg_terminate_backend({process});"),
        "continue with: rotate-driver run",
    ]);
}

#[test]
fn a_locked_table_is_shown_to_others_until_it_is_free() {
    let database = Database::with_tickets(100);
    database.one("SELECT start_ticket_rotation()");
    for mode in ["SHARE", "ACCESS EXCLUSIVE"] {
        let lock = Lock::hold(&database, &format!("LOCK TABLE ticket IN {mode} MODE"));
        let running = database.start(&["run", "--batch", "20", "--progress", "json", "--interval", "1"]);
        poll(mode, || waiting_for(&database).starts_with(HELD_TABLE));
        let status = database.complete(&["status"]).stdout;
        assert!(status.contains(&format!("waits for       {HELD_TABLE}")), "{status}");
        drop(lock);
        let ended = running.wait().expect(0);
        let lines = lines(&ended.stdout);
        let named = |event: &str, key: &str| {
            let texts =
                lines.iter().filter(|line| line["event"] == event).filter_map(|line| line[key].as_str());
            texts.filter(|text| text.starts_with(HELD_TABLE)).count() > 0
        };
        assert!(named("retrying", "reason") && named("throttled", "throttle"), "{}", ended.stdout);
        assert!(
            lines.iter().all(|line| line["batch"].is_null()),
            "its batch is no smaller: {}",
            ended.stdout
        );
        database.one("SELECT start_ticket_rotation()");
    }
}

#[test]
fn a_run_can_be_cancelled_while_its_table_is_locked() {
    let database = Database::with_tickets(100);
    database.one("SELECT start_ticket_rotation()");
    let _lock = Lock::hold(&database, "LOCK TABLE ticket");
    database.complete(&["tune", "--nice", "1"]);
    database.complete(&["cancel"]);
}

#[test]
fn a_worker_that_is_held_up_alone_does_not_make_the_run_wait() {
    let database = Database::with_tickets(2000);
    database.slow_down(100);
    database.one("SELECT start_ticket_rotation(ranges => 2)");
    let (_session, process) = forgotten(&database, "SELECT rotate_ticket_tokens(NULL, 10)");
    let running =
        database.start(&["run", "--batch", "20", "--workers", "2", "--progress", "plain", "--interval", "1"]);
    running.wait_for_stderr("every range of run 1 that is left is locked by another session");
    assert_eq!(waiting_for(&database), "");
    database.one(&format!("SELECT pg_terminate_backend({process})"));
    database.execute("DROP TRIGGER rest ON ticket");
    assert!(!running.wait().expect(0).stdout.contains("waits:"));
}

#[test]
fn the_sweep_is_shown_and_keeps_to_the_size_of_a_batch() {
    let (database, mut older, running) = at_the_end(120, &["--progress", "json", "--interval", "1"]);
    poll("the reason", || waiting_for(&database).contains(OLDER));
    let status = database.complete(&["status"]).stdout;
    assert!(status.contains("phase           sweeping\n") && status.contains("process "), "{status}");
    older.batch_execute("COMMIT").expect("the tickets are there");
    let ended = running.wait().expect(0);
    let sweeping = |line: &Value| line["phase"] == "sweeping" && line["seconds_remaining"].is_null();
    assert!(lines(&ended.stdout).iter().any(sweeping), "{}", ended.stdout);
    let sizes = "SELECT string_agg(tickets::text, ' ' ORDER BY last_id) FROM ticket_rotation_batch WHERE sweep > 0 AND tickets > 0";
    assert_eq!(database.one(sizes), "50 50 20");
}

#[test]
fn a_run_that_is_cancelled_or_paused_at_its_end_is_not_called_finished() {
    for (command, said) in [("pause", "run 1 is paused"), ("cancel", "run 1 is cancelled")] {
        let (database, mut older, running) = at_the_end(1, &[]);
        database.complete(&[command]);
        older.batch_execute("COMMIT").expect("the ticket is there");
        running.wait().expect(4).says(&[said]);
        assert_eq!(database.count("ticket WHERE id < 0"), 1);
        assert_eq!(database.one("SELECT tickets_done FROM batch_progress"), "300");
    }
}
