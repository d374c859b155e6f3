//! The files in `sql/`, as psql runs them. `sql/schedule.sql` takes pg_cron: `schedule.rs`.

use libc::SIGKILL;

use crate::common::{Database, Ended, Running, oracle, poll, rotator, script};

/// psql's exit code where a script's statement failed.
const FAILED: i32 = 3;

fn run(database: &Database, name: &str, variables: &[(&str, &str)]) -> Ended {
    Running::start(script(database, name, variables)).wait()
}

#[test]
fn the_sample_table_is_made_once_and_can_be_rotated() {
    let database = Database::create();
    run(&database, "sample_tickets", &[("size", "300")]).expect(0);
    run(&database, "sample_tickets", &[]).expect(FAILED).says(&["relation \"ticket\" already exists"]);
    database.complete(&["run"]);
    assert_eq!(database.one("SELECT tickets_rotated FROM verify_ticket_rotation()"), "300");
}

#[test]
fn the_loop_shows_each_batch_and_does_nothing_once_the_run_is_finished() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    let first = run(&database, "psql_loop", &[("batch", "300")]).expect(0).stdout;
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 4, "{first}");
    assert!(lines[0].starts_with("completed: 60.00 % (600 of 1000) | remaining time: "), "{first}");
    assert!(lines[1].starts_with("completed: 90.00 % (900 of 1000) | remaining time: "), "{first}");
    assert_eq!(lines[3], "run 1 is finished: 1000 tickets have a new token");
    let second = run(&database, "psql_loop", &[]).expect(0).stdout;
    assert_eq!(second.trim(), lines[3]);
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_loop_goes_on_after_a_kill_over_every_range() {
    let database = Database::with_tickets(1000);
    oracle::watch(&database);
    database.slow_down(20);
    database.one("SELECT start_ticket_rotation(ranges => 3)");
    let killed = Running::start(script(&database, "psql_loop", &[("batch", "30")]));
    poll("some batches", || database.count("ticket_rotation_batch") > 5);
    killed.signal(SIGKILL);
    assert_eq!(killed.wait().code, None);
    run(&database, "psql_loop", &[("batch", "70")]).expect(0);
    oracle::assert_rotated_once(&database);
}

#[test]
fn the_loop_takes_another_table_and_stops_at_a_paused_run() {
    let database = Database::with_tickets(100);
    database.execute("CREATE TABLE voucher AS SELECT id, token AS code FROM ticket");
    database.execute("ALTER TABLE voucher ADD PRIMARY KEY (id)");
    let mut other = script(&database, "psql_loop", &[("batch", "50")]);
    other.env("PGOPTIONS", "-c ticket_ext.target=voucher -c ticket_ext.token_column=code");
    let output = Running::start(other).wait().expect(0).stdout;
    assert!(output.ends_with("run 1 is finished: 100 tickets have a new token\n"), "{output}");
    database.one("SELECT rotate_ticket_tokens(0, 40)");
    database.one("SELECT pause_ticket_rotation()");
    run(&database, "psql_loop", &[]).expect(FAILED).says(&["paused", "resume_ticket_rotation"]);
    assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 60);
}

#[test]
fn the_monitor_shows_a_run_to_the_role_that_rotates() {
    let database = Database::with_tickets(100);
    run(&database, "monitor", &[]).expect(0);
    let role = rotator(&database, "public.ticket");
    database.execute(&format!("GRANT pg_monitor TO \"{role}\""));
    database.one("SELECT rotate_ticket_tokens(0, 30)");
    let mut monitor = script(&database, "monitor", &[("schema", database.edition().schema())]);
    monitor.env("PGUSER", role);
    let output = Running::start(monitor).wait().expect(0).stdout;
    assert!(output.contains("active | rotating |           30 |             100 |   30.00"), "{output}");
}
