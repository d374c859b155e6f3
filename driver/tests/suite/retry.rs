//! A run that goes on by itself whatever happens to its connection, its server or its locks.

use std::thread::sleep;
use std::time::{Duration, Instant};

use libc::{SIGINT, SIGTERM};

use crate::database::Database;
use crate::interrupt::run_what_is_printed;
use crate::kill::{Chance, SESSION, batches, terminate};
use crate::lock::{Lock, wait_for_blocked};
use crate::oracle;
use crate::process::{Running, poll};
use crate::proxy::{Cut, Proxy};
use crate::server::Server;

const TRYING: &str = "; trying again in ";

/// Twelve times while a run goes on, each time somewhere within a batch.
fn disturb(database: &Database, seed: u64, disturb: impl Fn()) {
    oracle::watch(database);
    database.slow_down(3);
    let running = database.start(&["run", "--batch", "20"]);
    let mut chance = Chance(seed);
    for _ in 0..12 {
        let mut client = database.connect();
        let enough = batches(&mut client) + 1 + chance.below(15) as i64;
        poll("some batches", || batches(&mut client) >= enough);
        sleep(Duration::from_micros(chance.below(8000)));
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

/// Cuts one statement in three, in each of the three ways.
fn often(seed: u64) -> impl FnMut() -> Option<Cut> + Send {
    let mut chance = Chance(seed);
    move || {
        [Cut::BeforeStatement, Cut::AfterStatement, Cut::BeforeAnswer].get(chance.below(9) as usize).copied()
    }
}

#[test]
fn a_connection_cut_before_within_and_after_a_batch_costs_and_doubles_nothing() {
    let database = Database::with_tickets(10_000);
    oracle::watch(&database);
    let proxy = Proxy::before(&database, "rotate_ticket_tokens", often(3));
    let mut command = database.driver(&["run", "--batch", "50"]);
    proxy.set_variables(&mut command);
    Running::start(command).wait().expect(0).says(&["connection lost (server closed", TRYING]);
    for cut in [Cut::BeforeStatement, Cut::AfterStatement, Cut::BeforeAnswer] {
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
fn a_lock_timeout_shrinks_the_batch_and_commits_bring_it_back() {
    let database = Database::with_tickets(20_000);
    oracle::watch(&database);
    database.execute(&format!("ALTER DATABASE {} SET lock_timeout = '50ms'", database.name));
    let lock = Lock::ticket(&database, 2500);
    let running = database.start(&["run", "--batch", "1000", "--progress", "json"]);
    let sizes = "SELECT tickets FROM ticket_rotation_batch ORDER BY last_id";
    poll("a batch that ends close to the lock", || {
        database.count("ticket_rotation_batch WHERE last_id > 2350") > 0
    });
    drop(lock);
    let ended = running.wait().expect(0).says(&["ERROR 55P03: ", TRYING, " with a batch of 500"]);
    let events: Vec<_> = ended.stdout.lines().filter(|line| line.contains(r#""event":"retrying""#)).collect();
    assert!(events[0].contains(r#""sqlstate":"55P03","wait_seconds":0.0"#), "{}", events[0]);
    assert!(events[0].ends_with(r#","batch":500}"#), "{}", events[0]);
    let sizes = database.one(&format!("SELECT string_agg(tickets::text, ' ') FROM ({sizes}) AS batch"));
    assert!(sizes.starts_with("1000 1000 "), "{sizes}");
    assert!(sizes.matches("1000").count() > 4, "it grows back: {sizes}");
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_server_that_stays_away_is_given_up_and_a_signal_ends_the_wait() {
    let server = Server::start("away", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(1000);
    oracle::watch(&database);
    for (signal, code) in [(None, 75), (Some(SIGINT), 130), (Some(SIGTERM), 143)] {
        let arguments = ["run", "--batch", "50", "--retry-for", if signal.is_none() { "2" } else { "1h" }];
        let lock = Lock::ticket(&database, 120);
        let running = database.start(&arguments);
        wait_for_blocked(&database, 1);
        server.stop("immediate");
        drop(lock);
        running.wait_for_stderr("rotate-driver: cannot connect to");
        running.wait_for_stderr(TRYING);
        let start = Instant::now();
        if let Some(signal) = signal {
            running.signal(signal);
        }
        let ended = running.wait().expect(code);
        assert!(start.elapsed() < Duration::from_secs(if signal.is_none() { 6 } else { 1 }));
        server.start_again();
        if signal.is_none() {
            let ended = ended.says(&["gave up after 2 s without progress: cannot connect to"]);
            let (_, printed) = ended.stderr.rsplit_once("continue with: ").expect("a command is printed");
            assert_eq!(printed.trim(), "rotate-driver run --batch 50 --retry-for 2s");
        }
    }
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn what_is_printed_on_giving_up_continues_the_run() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    database.execute(&format!("ALTER DATABASE {} SET lock_timeout = '50ms'", database.name));
    let lock = Lock::ticket(&database, 120);
    let ended = database.end(&["run", "--batch", "50", "--retry-for", "1"], 75);
    let ended = ended.says(&["gave up after 1 s without progress: ERROR 55P03"]);
    drop(lock);
    run_what_is_printed(&ended, &database);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_name_that_leads_to_another_table_ends_the_run() {
    let database = Database::with_tickets(1000);
    database.execute("CREATE TABLE other AS SELECT * FROM ticket; ALTER TABLE other ADD PRIMARY KEY (id)");
    let lock = Lock::ticket(&database, 120);
    let running = database.start(&["run", "--batch", "50"]);
    wait_for_blocked(&database, 1);
    database.execute(&format!("ALTER DATABASE {} SET ticket_ext.target = 'other'", database.name));
    terminate(&database);
    let ended = running.wait().expect(1);
    ended.says(&[
        "table other (oid ",
        "is not the target that this command began with",
        "table ticket (oid ",
    ]);
    drop(lock);
    assert_eq!(database.count("other NATURAL JOIN leaked"), 1000);
}

#[test]
fn a_full_server_is_waited_for_from_the_start() {
    let database = Database::with_tickets(10);
    database.complete(&["run"]);
    let role = format!("limited_{}", database.name);
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 0; GRANT SELECT ON batch_progress TO {role}"
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
