//! A run that goes on by itself whatever happens to its connection or its server.

use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

use crate::common::{
    Cut, Database, Lock, Proxy, Running, SESSION, Server, TRYING, batches, oracle, poll, terminate,
    wait_for_blocked,
};

/// Twelve times while a run goes on, each time somewhere within a batch.
fn disturb(database: &Database, seed: u64, disturb: impl Fn()) {
    oracle::watch(database);
    database.slow_down(3);
    let running = database.start(&["run", "--batch", "20"]);
    let mut random = Rng::with_seed(seed);
    for _ in 0..12 {
        let mut client = database.connect();
        let enough = batches(&mut client) + 1 + random.i64(0..15);
        poll("some batches", || batches(&mut client) >= enough);
        sleep(Duration::from_micros(random.u64(..8000)));
        disturb();
    }
    running.wait().expect(0).says(&["rotate-driver: ", TRYING]);
    oracle::assert_rotated_once(database);
}

#[test]
fn a_run_survives_the_end_of_its_sessions() {
    let database = Database::with_tickets(20_000);
    disturb(&database, 1, || {
        poll("a session to terminate", || database.count(SESSION) > 0);
        terminate(&database);
    });
}

#[test]
fn a_run_survives_restarts_and_crashes_of_its_server() {
    let server = Server::start("restarts", &["synchronous_commit=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(20_000);
    let immediate = std::cell::Cell::new(false);
    disturb(&database, 2, || {
        immediate.set(!immediate.get());
        server.restart(if immediate.get() { "immediate" } else { "fast" });
    });
}

const CUTS: [Cut; 4] = [Cut::BeforeStatement, Cut::AfterStatement, Cut::BeforeAnswer, Cut::WithinAnswer];

/// Cuts one statement in three, in each of the four ways.
fn often(seed: u64) -> impl FnMut() -> Option<Cut> + Send {
    let mut random = Rng::with_seed(seed);
    move || CUTS.get(random.usize(..12)).copied()
}

#[test]
fn a_connection_cut_before_within_and_after_a_batch_costs_and_doubles_nothing() {
    let database = Database::with_tickets(10_000);
    oracle::watch(&database);
    let proxy = Proxy::before(&database, "rotate_ticket_tokens", often(3));
    let mut command = database.driver(&["run", "--batch", "50"]);
    proxy.set_variables(&mut command);
    Running::start(command).wait().expect(0).says(&["connection lost (server closed", TRYING]);
    for cut in CUTS {
        let times = proxy.cuts().iter().filter(|made| **made == cut).count();
        assert!(times > 5, "{times} times {cut:?}");
    }
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_cut_while_progress_is_read_is_survived_too() {
    let database = Database::with_tickets(2000);
    oracle::watch(&database);
    database.slow_down(30);
    let proxy = Proxy::before(&database, "batch_progress", often(4));
    let mut command = database.driver(&["run", "--batch", "20"]);
    proxy.set_variables(&mut command);
    Running::start(command).wait().expect(0);
    assert!(!proxy.cuts().is_empty());
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_new_run_whose_answer_was_lost_is_not_started_twice() {
    for cut in [Cut::BeforeStatement, Cut::BeforeAnswer] {
        let database = Database::with_tickets(100);
        database.complete(&["run"]);
        let mut cuts = Some(cut);
        let proxy = Proxy::before(&database, "start_ticket_rotation", move || cuts.take());
        let mut command = database.driver(&["run", "--new"]);
        proxy.set_variables(&mut command);
        Running::start(command).wait().expect(0);
        assert_eq!(database.one("SELECT string_agg(state, ' ') FROM ticket_rotation"), "finished finished");
    }
}

#[test]
fn a_full_server_is_waited_for_from_the_start() {
    let database = Database::with_tickets(10);
    database.complete(&["run"]);
    let role = format!("limited_{}", database.name);
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 0; GRANT USAGE ON SCHEMA {} TO {role};
         GRANT SELECT ON batch_progress TO {role}",
        database.edition().schema()
    ));
    let mut command = database.driver(&["status", "--watch"]);
    let running = Running::start({
        command.env("PGUSER", &role);
        command
    });
    running.wait_for_stderr("FATAL 53300: too many connections");
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 1"));
    let ended = running.wait().expect(0);
    assert!(ended.stdout.contains("100.00 % (10 of 10)"), "{}", ended.stdout);
}

#[test]
fn a_statement_that_somebody_cancels_is_repeated_with_a_smaller_batch() {
    let database = Database::with_tickets(3000);
    oracle::watch(&database);
    let lock = Lock::ticket(&database, 1500);
    let running = database.start(&["run", "--batch", "100"]);
    wait_for_blocked(&database, 1);
    database.one(&format!("SELECT count(pg_cancel_backend(pid)) FROM {SESSION}"));
    running.wait_for_stderr("ERROR 57014: canceling statement due to user request; trying again in ");
    wait_for_blocked(&database, 1);
    drop(lock);
    running.wait().expect(0).says(&[" with a batch of 50"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn watching_goes_on_after_a_lost_connection() {
    let database = Database::with_tickets(100);
    database.one("SELECT rotate_ticket_tokens(NULL, 10)");
    let running = database.start(&["status", "--watch", "1"]);
    running.wait_for_stdout("10.00 % (10 of 100)");
    terminate(&database);
    running.wait_for_stderr(TRYING);
    database.complete(&["run"]);
    let ended = running.wait().expect(0);
    assert!(ended.stdout.contains("100.00 % (100 of 100)"), "{}", ended.stdout);
}
