//! Ends without a word: the driver killed, its session terminated.

use std::thread::sleep;
use std::time::Duration;

use postgres::Client;

use crate::database::Database;
use crate::lock::{Lock, wait_for_blocked};
use crate::oracle;
use crate::process::poll;

/// The same "random" instants in every test run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn batches(client: &mut Client) -> i64 {
    let row = client.query_one("SELECT count(*) FROM ticket_rotation_batch", &[]);
    row.expect("the ledger can be read").get(0)
}

#[test]
fn a_driver_killed_at_any_instant_leaves_a_run_to_be_continued() {
    let database = Database::with_tickets(20_000);
    oracle::watch(&database);
    database.slow_down(3);
    let mut client = database.connect();
    let mut chance = Chance(2);
    for _ in 0..12 {
        let enough = batches(&mut client) + chance.below(15) as i64;
        let running = database.start(&["run", "--batch", "40"]);
        poll("some batches", || batches(&mut client) >= enough);
        sleep(Duration::from_micros(chance.below(8000)));
        running.signal(libc::SIGKILL);
        assert_eq!(running.wait().code, None);
    }
    assert_eq!(database.one("SELECT state FROM batch_progress"), "active");
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_terminated_session_loses_its_batch_only() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let lock = Lock::ticket(&database, 120);
    let running = database.start(&["run", "--batch", "50"]);
    wait_for_blocked(&database, 1);
    database.one("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
    running.wait().expect(1).says(&["57P01", "continues after the last committed batch"]);
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "100");
    drop(lock);
    database.complete(&["run", "--batch", "50"]);
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
    let ended = ended.says(&["ERROR P0001: not today", "DETAIL: ticket 333", "HINT: come back"]);
    assert!(ended.stdout.lines().last().is_some_and(|line| line.contains(r#""event":"failed""#)));
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "300");
    database.execute("DROP TRIGGER refuse ON ticket");
    database.complete(&["run", "--batch", "50"]);
    oracle::assert_rotated_once(&database);
}
