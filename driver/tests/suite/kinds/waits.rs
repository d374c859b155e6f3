//! Forgotten transactions. Nobody waits for them without limit, and whoever waits learns for whom.

use std::time::{Duration, Instant};

use super::{call, holding, refusal, with_tickets};
use crate::common::Database;

/// More than a call waits for anything but writers older than the run.
const LIMIT: Duration = Duration::from_secs(8);

/// The holder did something and left its transaction open; the call fails in time and names it.
#[track_caller]
fn assert_named(database: &Database, held: &str, waiting: &str) {
    let (holder, detail) = assert_in_time(database, held, waiting);
    assert!(detail.contains(&holder.to_string()), "{waiting} beside {held}: {detail}");
}

/// Returns the holder's process and what the error tells.
#[track_caller]
fn assert_in_time(database: &Database, held: &str, waiting: &str) -> (i32, String) {
    let mut holder = holding(database, held);
    let process = holder.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let mut session = database.connect();
    session.batch_execute("SET statement_timeout = '20s'").unwrap();
    let began = Instant::now();
    let error = call(&mut session, waiting).expect_err("somebody is in the way");
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "55P03", "{waiting} beside {held}: {error:?}");
    assert!(began.elapsed() < LIMIT, "{waiting} beside {held} took {:?}", began.elapsed());
    (process, error.detail().unwrap_or_default().to_owned())
}

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";

#[test]
fn a_range_that_is_held_is_waited_for_with_a_limit() {
    let database = with_tickets(10);
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    assert_named(&database, "SELECT rotate_ticket_tokens(NULL, 1)", BATCH);
}

#[test]
fn a_table_that_is_held_is_waited_for_with_a_limit() {
    for mode in ["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"] {
        assert_named(&with_tickets(10), &format!("LOCK TABLE ticket IN {mode} MODE"), BATCH);
    }
    let database = with_tickets(10);
    database.one(&format!("SELECT {BATCH}"));
    assert_named(&database, "LOCK TABLE ticket", "run_id FROM verify_ticket_rotation()");
}

#[test]
fn a_start_that_is_not_committed_is_waited_for_with_a_limit() {
    for waiting in [BATCH, "start_ticket_rotation()"] {
        assert_named(&with_tickets(10), "SELECT start_ticket_rotation()", waiting);
    }
}

#[test]
fn a_change_of_the_run_that_is_not_committed_is_waited_for_with_a_limit() {
    for waiting in ["cancel_ticket_rotation()", "resume_ticket_rotation()", BATCH] {
        let database = with_tickets(10);
        database.one("SELECT rotate_ticket_tokens(NULL, 20)");
        assert_named(&database, "SELECT pause_ticket_rotation()", waiting);
    }
}

#[test]
fn a_tuning_that_is_not_committed_is_waited_for_with_a_limit() {
    for waiting in ["tune_ticket_rotation(workers => 2)", "note_ticket_rotation_wait('something')"] {
        let database = with_tickets(10);
        database.one(&format!("SELECT {BATCH}"));
        assert_in_time(&database, "SELECT tune_ticket_rotation(workers => 3)", waiting);
    }
}

/// The other range is swept by then.
#[test]
fn a_sweep_that_is_held_is_waited_for_with_a_limit() {
    let database = with_tickets(10);
    database.one("SELECT start_ticket_rotation(ranges => 2)");
    while database.one("SELECT ranges_left FROM batch_progress") != "0" {
        database.one(&format!("SELECT {BATCH}"));
    }
    database.execute("UPDATE ticket SET token = leaked.token FROM leaked WHERE leaked.id = ticket.id");
    assert_eq!(database.one(&format!("SELECT {BATCH}")), "5");
    let _holder = holding(&database, "SELECT rotate_ticket_tokens(NULL, 1)");
    let mut session = database.connect();
    session.batch_execute("SET statement_timeout = '20s'").unwrap();
    let error = (0..10).find_map(|_| call(&mut session, BATCH).err()).expect("a range is held");
    let refusal = refusal::<()>(Err(error));
    assert!(refusal.starts_with("55P03 every range of run 1 that is left is locked"), "{refusal}");
    assert_eq!(database.one("SELECT count(*) FROM ticket_rotation_range WHERE swept_at IS NOT NULL"), "1");
}
