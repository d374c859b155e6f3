//! One driver on several connections.

use crate::common::{Database, Lock, Running, SESSION, oracle, poll, rotator, terminate, wait_for_blocked};

const SESSIONS: &str = "(SELECT DISTINCT backend FROM rotated) AS session";

fn with_ranges(tickets: u32, ranges: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    oracle::watch(&database);
    database.one(&format!("SELECT start_ticket_rotation(ranges => {ranges})"));
    database
}

#[test]
fn workers_rotate_ranges_side_by_side() {
    let database = with_ranges(6000, 6);
    let locks = [1, 1001, 2001].map(|id| Lock::ticket(&database, id));
    let running = database.start(&["run", "--workers", "3", "--batch", "50"]);
    wait_for_blocked(&database, 3);
    drop(locks);
    running.wait().expect(0);
    assert_eq!(database.count(SESSIONS), 3);
    oracle::assert_rotated_once(&database);
}

#[test]
fn there_are_no_more_workers_than_ranges() {
    let database = with_ranges(1000, 1);
    let lock = Lock::ticket(&database, 1);
    let running = database.start(&["run", "--workers", "8"]);
    wait_for_blocked(&database, 1);
    assert_eq!(database.count(SESSION), 1);
    drop(lock);
    running.wait().expect(0);
}

#[test]
fn a_large_table_is_divided_and_an_interrupted_run_goes_on_with_other_workers() {
    let database = Database::with_tickets(120_000);
    let lock = Lock::ticket(&database, 1);
    let running = database.start(&["run", "--workers", "2", "--batch", "500"]);
    poll("batches of the other worker", || database.count("ticket_rotation_batch") > 3);
    running.signal(libc::SIGINT);
    drop(lock);
    let ended = running.wait().expect(130);
    ended.says(&["run 1 is interrupted; continue with: rotate-driver run --workers 2 --batch 500\n"]);
    assert_eq!(database.count("ticket_rotation_range"), 13);
    database.complete(&["run", "--workers", "3"]);
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
    assert_eq!(database.one("SELECT sum(tickets) FROM ticket_rotation_batch"), "120000");
}

#[test]
fn workers_outlive_their_connections() {
    let database = with_ranges(6000, 4);
    database.slow_down(5);
    let running = database.start(&["run", "--workers", "4", "--batch", "25"]);
    for enough in [20, 80, 140] {
        poll("some batches", || database.count("ticket_rotation_batch") >= enough);
        terminate(&database);
    }
    running.wait().expect(0);
    oracle::assert_rotated_once(&database);
}

#[test]
fn a_worker_that_finds_no_room_on_the_server_leaves_the_work_to_the_others() {
    let database = with_ranges(3000, 3);
    let role = rotator(&database, "public.ticket");
    database.execute(&format!("ALTER ROLE \"{role}\" CONNECTION LIMIT 1"));
    let mut command = database.driver(&["run", "--workers", "3", "--batch", "50", "--retry-for", "1"]);
    command.env("PGUSER", &role);
    Running::start(command).wait().expect(0);
    assert_eq!(database.count(SESSIONS), 1);
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_second_signal_cancels_the_batches_of_all_workers() {
    let database = with_ranges(2000, 2);
    let locks = [1, 1001].map(|id| Lock::ticket(&database, id));
    let running = database.start(&["run", "--workers", "2", "--batch", "100"]);
    wait_for_blocked(&database, 2);
    running.signal(libc::SIGINT);
    running.wait_for_stderr("once more cancels it");
    running.signal(libc::SIGINT);
    running.wait().expect(130).says(&["cancelling on the server", "run 1 is interrupted"]);
    drop(locks);
    assert_eq!(database.count("ticket_rotation_batch"), 0);
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn batches_are_not_waited_for_on_disk_unless_that_is_asked_for() {
    let database = with_ranges(100, 1);
    database.execute(
        "CREATE TABLE seen (setting text);
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END$$;
         CREATE TRIGGER look AFTER INSERT OR UPDATE ON ticket EXECUTE FUNCTION look()",
    );
    database.complete(&["run", "--batch", "60"]);
    database.complete(&["run", "--new", "--batch", "60", "--synchronous-commit", "on"]);
    assert_eq!(database.one("SELECT string_agg(setting, ' ') FROM seen"), "off off on on");
}
