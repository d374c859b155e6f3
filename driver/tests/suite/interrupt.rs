//! Signals: the first lets the batch in flight commit, the second cancels it.

use std::process::Command;

use libc::{SIGHUP, SIGINT, SIGTERM};

use crate::common::{
    DRIVER, Database, Line, Lock, Proxy, Running, oracle, run_what_is_printed, wait_for_blocked,
};

const STOPPING: &str = "stopping after the batch in flight; once more cancels it";

/// Two batches are done and the third waits for a ticket.
fn held_up(command: Command, database: &Database) -> (Running, Lock) {
    let lock = Lock::ticket(database, 120);
    let running = Running::start(command);
    wait_for_blocked(database, 1);
    assert_eq!(database.count("ticket_rotation_batch"), 2);
    (running, lock)
}

fn interrupt_twice(running: &Running) {
    running.signal(SIGINT);
    running.wait_for_stderr(STOPPING);
    running.signal(SIGINT);
}

fn stop_with(signal: i32, code: i32) {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let mut command = database.command("env");
    command.args(["--default-signal=HUP", DRIVER, "run", "--batch", "50"]);
    let (running, lock) = held_up(command, &database);
    running.signal(signal);
    running.wait_for_stderr(STOPPING);
    drop(lock);
    let ended = running.wait().expect(code);
    assert_eq!(database.count("ticket_rotation_batch"), 3);
    assert_eq!(Line::parse_all(&ended.stdout).last().map(|line| line.done), Some(150));
    assert_eq!(run_what_is_printed(&ended, &database), "rotate-driver run --batch 50");
    oracle::assert_rotated_once(&database);
}

#[test]
fn int_commits_the_batch_in_flight_and_exits_130() {
    stop_with(SIGINT, 130);
}

#[test]
fn term_commits_the_batch_in_flight_and_exits_143() {
    stop_with(SIGTERM, 143);
}

#[test]
fn hup_commits_the_batch_in_flight_and_exits_129() {
    stop_with(SIGHUP, 129);
}

#[test]
fn a_hang_up_that_nohup_ignores_stops_nothing() {
    let database = Database::with_tickets(1000);
    let mut command = database.command("env");
    command.args(["--ignore-signal=HUP", DRIVER, "run", "--batch", "50"]);
    let (running, lock) = held_up(command, &database);
    running.signal(SIGHUP);
    drop(lock);
    running.wait().expect(0);
}

#[test]
fn a_cancel_that_does_not_reach_the_server_is_told_to_have_no_effect() {
    let database = Database::with_tickets(1000);
    let proxy = Proxy::without_cancels(&database);
    let mut command = database.driver(&["run", "--batch", "50"]);
    proxy.set_variables(&mut command);
    let (running, lock) = held_up(command, &database);
    interrupt_twice(&running);
    running.wait_for_stderr("the cancel had no effect");
    drop(lock);
    running.wait().expect(130);
    assert_eq!(database.count("ticket_rotation_batch"), 3);
}

#[test]
fn the_second_int_cancels_the_batch_on_the_server() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let (running, lock) = held_up(database.driver(&["run", "--batch", "50"]), &database);
    interrupt_twice(&running);
    let ended = running.wait().expect(130).says(&["cancelling on the server"]);
    assert_eq!(database.count("ticket_rotation_batch"), 2);
    drop(lock);
    run_what_is_printed(&ended, &database);
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_first_signal_decides_the_exit_code() {
    let database = Database::with_tickets(1000);
    let (running, _lock) = held_up(database.driver(&["run", "--batch", "50"]), &database);
    running.signal(SIGTERM);
    running.wait_for_stderr(STOPPING);
    running.signal(SIGINT);
    running.wait().expect(143);
}

#[test]
fn the_printed_command_keeps_the_options_and_leaves_the_password_out() {
    let database = Database::with_tickets(1000);
    let host = database.server.variable("PGHOST").replace('/', "%2F");
    let url = format!("postgresql://{}:hidden%20word@{host}/{}", database.role, database.name);
    let arguments = [
        "--url",
        &url,
        "--table",
        r#""ticket""#,
        "run",
        "--batch",
        "50",
        "--progress",
        "json",
        "--interval",
        "3",
    ];
    let (running, lock) = held_up(database.driver(&arguments), &database);
    running.signal(SIGINT);
    running.wait_for_stderr(STOPPING);
    drop(lock);
    let ended = running.wait().expect(130);
    assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    let printed = run_what_is_printed(&ended, &database);
    assert!(
        printed.ends_with(r#"--table '"ticket"' run --batch 50 --progress json --interval 3"#),
        "{printed}"
    );
    assert_eq!(database.one("SELECT state FROM batch_progress"), "finished");
}

#[test]
fn the_first_batch_of_all_interrupted_leaves_a_run_that_has_just_begun() {
    let database = Database::with_tickets(100);
    let lock = Lock::ticket(&database, 1);
    let running = database.start(&["run", "--progress", "json"]);
    wait_for_blocked(&database, 1);
    interrupt_twice(&running);
    let ended = running.wait().expect(130).says(&["run 1 is interrupted; continue with: "]);
    let events =
        ended.stdout.lines().take(2).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","));
    let expected = [r#"{"event":"rotating","run_id":1"#, r#"{"event":"started","run_id":1"#];
    assert!(events.eq(expected), "{}", ended.stdout);
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    drop(lock);
    run_what_is_printed(&ended, &database);
}

#[test]
fn the_start_of_a_new_run_can_be_interrupted_too() {
    let database = Database::with_tickets(100);
    database.complete(&["run"]);
    let lock = Lock::hold(&database, "LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE");
    let running = database.start(&["run", "--new"]);
    wait_for_blocked(&database, 1);
    interrupt_twice(&running);
    running.wait().expect(130).says(&["before a run was started; start it with: rotate-driver run --new"]);
    drop(lock);
    assert_eq!(database.count("ticket_rotation"), 1);
}
