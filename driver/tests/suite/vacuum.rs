//! VACUUM beside the batches of a run.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Database, Ended, Lock, Pooler, Running, SESSION, Server, oracle, poll, rotator};

/// The least that is vacuumed.
const ENOUGH: u32 = 100_000;
const NOT_ALLOWED: &str = "may not vacuum public.ticket";
const VACUUM: &str = "pg_stat_progress_vacuum WHERE datname = current_database()";

/// Where nobody else vacuums the table.
fn with_tickets(tickets: u32) -> Database<'static> {
    let database = Database::with_tickets(tickets);
    leave_to_the_driver(&database);
    database
}

fn leave_to_the_driver(database: &Database) {
    database.execute("ALTER TABLE ticket SET (autovacuum_enabled = off)");
}

/// How much the table grows meanwhile, in percent.
fn growth(database: &Database, run: impl FnOnce()) -> f64 {
    let size = || database.one("SELECT pg_relation_size('ticket')").parse::<f64>().expect("a number");
    let before = size();
    run();
    (size() / before - 1.0) * 100.0
}

/// A VACUUM from now on takes longer than any test waits.
fn slow_vacuums_down(database: &Database) {
    for setting in ["vacuum_cost_delay = 100", "vacuum_cost_limit = 1", "vacuum_cost_page_hit = 100"] {
        database.execute(&format!("ALTER DATABASE {} SET {setting}", database.name));
    }
}

fn as_role(role: &str, mut command: Command) -> Ended {
    command.env("PGUSER", role);
    Running::start(command).wait().expect(0)
}

fn tickets_done(database: &Database) -> i64 {
    database.one("SELECT sum(tickets) FROM ticket_rotation_batch").parse().unwrap_or(0)
}

#[test]
fn the_table_grows_by_little_more_than_a_part() {
    // Old transactions in other databases keep rows here, too, through the snapshots of the other worker.
    let server = Server::start("vacuum", &["fsync=off"]);
    let database = Database::create_on(&server);
    database.make_tickets(200_000);
    leave_to_the_driver(&database);
    let vacuumed = growth(&database, || drop(database.complete(&["run"])));
    assert!(vacuumed <= 22.0, "{vacuumed} %");
    assert_eq!(database.one("SELECT verified FROM verify_ticket_rotation()"), "true");
}

#[test]
fn a_connection_that_is_gone_between_two_vacuums_is_made_anew() {
    let database = with_tickets(ENOUGH);
    if !database.is_at_least(14) {
        return println!("skipped: PostgreSQL 14 brought idle_session_timeout");
    }
    // Four batches to a VACUUM; a new connection is used long before the second is over.
    database.slow_down(350);
    database.execute(&format!("ALTER DATABASE {} SET idle_session_timeout = '1s'", database.name));
    let ended = database.complete(&["run", "--batch", "2500", "--workers", "1", "--vacuum-every", "10%"]);
    assert!(!ended.stderr.contains("VACUUM failed"), "{}", ended.stderr);
    let vacuums = "SELECT vacuum_count > 5 FROM pg_stat_user_tables WHERE relname = 'ticket'";
    poll("statistics of the VACUUMs", || database.one(vacuums) == "true");
}

#[test]
fn without_vacuum_the_table_doubles() {
    let database = with_tickets(ENOUGH);
    let doubled = growth(&database, || drop(database.complete(&["run", "--vacuum-every", "off"])));
    assert!(doubled > 90.0, "{doubled} %");
}

#[test]
fn the_workers_go_on_meanwhile_but_not_far_and_a_signal_cancels_the_vacuum() {
    let database = with_tickets(ENOUGH);
    slow_vacuums_down(&database);
    let running = database.start(&["run", "--vacuum-every", "10%"]);
    poll("a VACUUM with the other worker far ahead", || {
        database.count(VACUUM) == 1 && tickets_done(&database) > 12_500
    });
    running.wait_for_stderr("waits: VACUUM is behind");
    running.signal(libc::SIGINT);
    running
        .wait()
        .expect(130)
        .says(&["run 1 is interrupted; continue with: rotate-driver run --vacuum-every 10%\n"]);
    // Two fifths of a part beyond one, and a batch that the other worker began at the same moment.
    assert!(tickets_done(&database) <= 14_000 + 1250);
    poll("the end of the VACUUM", || database.count(VACUUM) == 0);
}

#[test]
fn a_single_worker_goes_on_beside_the_vacuum() {
    let database = with_tickets(ENOUGH);
    slow_vacuums_down(&database);
    let running = database.start(&["run", "--workers", "1", "--vacuum-every", "10%"]);
    poll("a VACUUM, and the worker ahead of it", || {
        database.count(VACUUM) == 1 && tickets_done(&database) > 12_500
    });
    running.signal(libc::SIGINT);
    running.wait().expect(130);
}

#[test]
fn a_run_that_is_continued_is_vacuumed_at_once_and_the_printed_command_keeps_the_option() {
    let database = with_tickets(ENOUGH);
    slow_vacuums_down(&database);
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    database.one("SELECT rotate_ticket_tokens(NULL, 30000)");
    let running = database.start(&["run", "--workers", "1", "--vacuum-every", "20"]);
    poll("a VACUUM", || database.count(VACUUM) == 1);
    running.signal(libc::SIGINT);
    running.wait().expect(130).says(&["continue with: rotate-driver run --workers 1 --vacuum-every 20\n"]);
    // 10,000 more than a part were left behind; it goes on for two fifths of a part.
    assert!(tickets_done(&database) <= 38_000);
}

#[test]
fn a_vacuum_that_fails_is_told_and_does_not_stop_the_run() {
    let database = with_tickets(ENOUGH);
    slow_vacuums_down(&database);
    let mut running = database.start(&["run", "--workers", "1", "--vacuum-every", "40%"]);
    poll("the end of the run", || {
        database.one(&format!("SELECT count(pg_cancel_backend(pid)) FROM {VACUUM}"));
        !running.is_running()
    });
    let failed = "VACUUM failed, the run goes on: ERROR 57014: canceling statement due to user request";
    running.wait().expect(0).says(&[failed]);
}

#[test]
fn a_role_that_may_not_vacuum_is_told_so_and_its_run_finishes() {
    let database = with_tickets(ENOUGH);
    let role = rotator(&database, "public.ticket");
    as_role(&role, database.driver(&["run"])).says(&[NOT_ALLOWED]);
    let quiet = as_role(&role, database.driver(&["run", "--new", "--vacuum-every", "off"]));
    assert!(!quiet.stderr.contains(NOT_ALLOWED), "{}", quiet.stderr);
    database.administrator().execute(&format!("ALTER TABLE ticket OWNER TO \"{role}\""));
    let quiet = as_role(&role, database.driver(&["run", "--new"]));
    assert!(!quiet.stderr.contains(NOT_ALLOWED), "{}", quiet.stderr);
}

#[test]
fn maintain_is_enough_where_the_server_knows_it() {
    let database = with_tickets(ENOUGH);
    let role = rotator(&database, "public.ticket");
    if !database.is_at_least(17) {
        return println!("skipped: PostgreSQL 17 brought MAINTAIN");
    }
    let refused = as_role(&role, database.driver(&["run"]));
    let (_, grant) = refused.stderr.split_once("to allow it: ").expect("a statement is printed");
    database.execute(grant.lines().next().expect("a line"));
    let allowed = as_role(&role, database.driver(&["run", "--new"]));
    assert!(!allowed.stderr.contains(NOT_ALLOWED), "{}", allowed.stderr);
}

#[test]
fn a_lock_on_the_table_makes_it_skipped_and_is_told() {
    let database = with_tickets(ENOUGH);
    let _lock = Lock::hold(&database, "LOCK TABLE ticket IN SHARE UPDATE EXCLUSIVE MODE");
    let ended = database.complete(&["run"]);
    ended.says(&[
        &format!("VACUUM cannot remove old rows, because of session of {}", database.role),
        "which holds ShareUpdateExclusiveLock",
    ]);
}

#[test]
fn an_old_transaction_that_keeps_old_rows_does_not_hold_the_run_and_is_told() {
    // On a server of its own: elsewhere the oldest transaction may be another test's.
    let server = Server::start("old_transaction", &[]);
    let database = Database::create_on(&server);
    database.make_tickets(ENOUGH);
    leave_to_the_driver(&database);
    let _old = Lock::hold(&database, "SELECT pg_current_xact_id()");
    let ended = database.complete(&["run"]);
    ended.says(&[
        &format!("VACUUM cannot remove old rows, because of session of {}", database.role),
        "whose transaction began at",
    ]);
}

#[test]
fn the_partitions_of_a_table_are_vacuumed_too() {
    let database = Database::create();
    database.execute(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid) PARTITION BY RANGE (id);
         CREATE TABLE early PARTITION OF ticket FOR VALUES FROM (0) TO (60001) WITH (autovacuum_enabled = off);
         CREATE TABLE late PARTITION OF ticket FOR VALUES FROM (60001) TO (200000) WITH (autovacuum_enabled = off);
         INSERT INTO ticket SELECT id, gen_random_uuid() FROM generate_series(1, 120000) AS id;
         CREATE TABLE leaked AS TABLE ticket;
         ANALYZE ticket",
    );
    oracle::watch(&database);
    database.complete(&["run"]);
    oracle::assert_rotated_once(&database);
    poll("VACUUM of both partitions", || {
        database.count("pg_stat_user_tables WHERE relname IN ('early', 'late') AND vacuum_count > 0") == 2
    });
}

/// Begins once a VACUUM is there, and returns how long the statement took.
fn beside_a_vacuum(database: &Database, statement: &str) -> Duration {
    poll("a VACUUM", || database.count(VACUUM) == 1);
    let began = Instant::now();
    database.execute(statement);
    began.elapsed()
}

#[test]
fn a_vacuum_gives_way_to_a_change_of_the_table_and_is_tried_again() {
    let database = with_tickets(ENOUGH);
    slow_vacuums_down(&database);
    let running = database.start(&["run", "--workers", "1", "--batch", "1000", "--vacuum-every", "20"]);
    for column in ["one", "two"] {
        let waited = beside_a_vacuum(&database, &format!("ALTER TABLE ticket ADD COLUMN {column} integer"));
        assert!(waited < Duration::from_secs(3), "{waited:?}");
        running.wait_for_stderr("VACUUM was cancelled, since a session waited for the table");
    }
    running.signal(libc::SIGINT);
    running.wait().expect(130);
}

#[test]
fn a_vacuum_may_take_longer_than_statements_of_the_role_even_behind_a_pooler() {
    let database = with_tickets(ENOUGH);
    let pooler = Pooler::before(database.server);
    database.execute(&format!("ALTER DATABASE {} SET statement_timeout = '1s'", database.name));
    slow_vacuums_down(&database);
    let running = database.start(&["run", "--workers", "1", "--vacuum-every", "40%"]);
    let own = format!("{VACUUM} AND pid IN (SELECT pid FROM {SESSION})");
    poll("a VACUUM", || database.count(&own) == 1);
    sleep(Duration::from_secs(2));
    assert_eq!(database.count(&own), 1);
    running.signal(libc::SIGINT);
    let ended = running.wait().expect(130);
    assert!(!ended.stderr.contains("57014"), "{}", ended.stderr);
    let Some(pooler) = pooler else { return };
    // It takes no such setting, and then the limit counts.
    let ended = Running::start(pooler.driver(&database, &["run"])).wait().expect(0);
    assert!(!ended.stderr.contains("startup parameter"), "{}", ended.stderr);
}
