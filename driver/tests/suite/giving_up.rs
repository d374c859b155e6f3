//! Where trying again does not help, or not soon: lock time-outs, a server that stays away, another table.

use std::time::{Duration, Instant};

use libc::{SIGINT, SIGTERM};

use crate::common::{
    Database, Lock, Server, TRYING, oracle, poll, run_what_is_printed, terminate, wait_for_blocked,
};

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
        assert!(start.elapsed() < Duration::from_secs(15));
        server.start_again();
        if signal.is_none() {
            let ended = ended.says(&["gave up after 2 s without progress: cannot connect to"]);
            let (_, printed) = ended.stderr.rsplit_once("continue with: ").expect("a command is printed");
            assert_eq!(printed.trim(), "rotate-driver run --batch 50 --retry-for 2");
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
    let other = format!("ALTER DATABASE {} SET ticket_ext.target = 'other'", database.name);
    database.administrator().execute(&other);
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
