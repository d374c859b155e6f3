//! Ends without a word: the driver killed, a batch that fails; and where nothing is to be tried again, its session
//! terminated and the server crashed.

use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

use crate::common::{
    Database, Lock, Running, SESSION, Server, batches, oracle, poll, terminate, wait_for_blocked,
};

const CONTINUES: &str =
    "HINT: `rotate-driver run` with the same options continues after the last committed batch.";

/// Interrupts a run twelve times in a row, each time somewhere within a batch.
fn interrupt_often(database: &Database, seed: u64, interrupt: impl Fn(&Running)) {
    oracle::watch(database);
    database.slow_down(3);
    let mut client = database.connect();
    let mut random = Rng::with_seed(seed);
    for _ in 0..12 {
        let enough = batches(&mut client) + random.i64(0..15);
        let running = database.start(&["run", "--batch", "20", "--retry-for", "0"]);
        poll("some batches", || batches(&mut client) >= enough && database.count(SESSION) == 1);
        sleep(Duration::from_micros(random.u64(..8000)));
        interrupt(&running);
        assert_ne!(running.wait().code, Some(0));
    }
    assert_eq!(database.one("SELECT state FROM batch_progress"), "active");
    database.complete(&["run"]);
    oracle::assert_rotated_once(database);
}

#[test]
fn a_driver_killed_at_any_instant_leaves_a_run_to_be_continued() {
    let database = Database::with_tickets(20_000);
    interrupt_often(&database, 1, |running| running.signal(libc::SIGKILL));
}

#[test]
fn a_session_terminated_at_any_instant_leaves_a_run_to_be_continued() {
    let database = Database::with_tickets(20_000);
    interrupt_often(&database, 2, |_| terminate(&database));
}

#[test]
fn a_terminated_session_loses_its_batch_only() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let lock = Lock::ticket(&database, 120);
    let running = database.start(&["run", "--batch", "50", "--retry-for", "0"]);
    wait_for_blocked(&database, 1);
    terminate(&database);
    running.wait().expect(1).says(&[CONTINUES]);
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "100");
    drop(lock);
    database.complete(&["run", "--batch", "50"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_run_continues_after_a_crash_of_the_server() {
    let server = Server::start("crash", &["synchronous_commit=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(3000);
    oracle::watch(&database);
    for id in [1210, 2030] {
        let _lock = Lock::ticket(&database, id);
        let running = database.start(&["run", "--batch", "50", "--retry-for", "0"]);
        wait_for_blocked(&database, 1);
        server.restart("immediate");
        running.wait().expect(1).says(&[CONTINUES]);
    }
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_batch_that_fails_stops_the_run_and_is_rotated_once_the_cause_is_gone() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN RAISE 'not today' USING DETAIL = 'ticket 333', HINT = 'come back'; END$$;
         CREATE TRIGGER refuse BEFORE UPDATE ON ticket FOR EACH ROW WHEN (OLD.id = 333)
             EXECUTE FUNCTION refuse()",
    );
    let ended = database.end(&["run", "--batch", "50", "--progress", "json"], 1);
    let ended =
        ended.says(&["ERROR P0001: (message withheld)", "DETAIL: Withheld, because it can contain a token"]);
    assert!(ended.stdout.lines().last().is_some_and(|line| line.contains(r#""event":"failed""#)));
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "300");
    database.execute("DROP TRIGGER refuse ON ticket");
    database.complete(&["run", "--batch", "50"]);
    oracle::assert_rotated_once(&database);
}
