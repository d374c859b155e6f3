//! `--max-active`, on a server where nobody else is at work.

use std::thread;

use postgres::Client;

use super::{expect_held, start};
use crate::common::{Database, Running, Server, poll};

const SLEEP: &str = "SELECT pg_sleep(3600)";

/// Until it is cancelled, or the server ends.
fn sleep(mut session: Client) {
    session.batch_execute(SLEEP).unwrap_err();
}

fn wake(database: &Database, sleeper: i32) {
    assert_eq!(database.one(&format!("SELECT pg_cancel_backend({sleeper})")), "true");
}

fn process(session: &mut Client) -> i32 {
    session.query_one("SELECT pg_backend_pid()", &[]).expect("it answers").get(0)
}

#[test]
fn a_run_waits_while_more_sessions_than_allowed_are_active() {
    let server = Server::start("busy", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(2000);
    database.one("SELECT start_ticket_rotation(ranges => 2)");
    let mut sessions = [(); 3].map(|()| database.connect());
    let [first, second, rotating] = sessions.each_mut().map(process);
    // Asleep in its batch, it is known by its lock only.
    sessions[2].batch_execute("BEGIN; SELECT rotate_ticket_tokens(NULL, 10)").expect("a batch");
    for session in sessions {
        thread::spawn(|| sleep(session));
    }
    let asleep = format!("pg_stat_activity WHERE state = 'active' AND query = '{SLEEP}'");
    poll("busy sessions", || database.count(&asleep) == 3);
    let running = start(&database, &["--max-active", "1"]);
    expect_held(&database, &running, "more than 1 other session(s) are active");
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    wake(&database, first);
    poll("batches", || database.count("ticket_rotation_batch") > 0);
    wake(&database, rotating);
    running.wait().expect(0);
    wake(&database, second);
}

#[test]
fn sessions_that_rotate_do_not_count() {
    let server = Server::start("rotating", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(4000);
    database.slow_down(20);
    database.one("SELECT start_ticket_rotation(ranges => 4)");
    let mut procedure = database.program("psql");
    procedure.args(["-c", "CALL rotate_all_tickets(50)"]);
    let procedure = Running::start(procedure);
    let drivers =
        [(); 2].map(|()| database.start(&["run", "--workers", "2", "--batch", "50", "--max-active", "0"]));
    for driver in drivers {
        let ended = driver.wait().expect(0);
        assert!(!ended.stderr.contains("other session(s)"), "{}", ended.stderr);
    }
    procedure.wait().expect(0);
}
