//! Runs that are paused, cancelled or followed by another one under a call that waits.

use super::{Waiting, call, finish, holding, refusal, state, verified, with_tickets};
use crate::common::{Database, poll};

const BATCH: &str = "rotate_ticket_tokens(NULL, 5)";
const RANGE: &str = "SELECT rotate_ticket_tokens(NULL, 5)";
const TICKET: &str = "SELECT FROM ticket WHERE id = 3 FOR UPDATE";

fn started() -> Database<'static> {
    let database = with_tickets(10);
    database.one("SELECT start_ticket_rotation(ranges => 1)");
    database
}

#[test]
fn a_call_that_waited_rotates_nothing_of_a_run_that_has_ended() {
    for held in [RANGE, TICKET] {
        for (how, word) in [("cancel", "cancelled"), ("pause", "paused")] {
            let database = started();
            let mut holder = holding(&database, held);
            let waiting = Waiting::begin(&database, BATCH);
            database.one(&format!("SELECT {how}_ticket_rotation()"));
            holder.batch_execute("ROLLBACK").unwrap();
            let refusal = refusal(waiting.end());
            assert!(refusal.starts_with("55000") && refusal.ends_with(word), "{refusal}");
            assert_eq!(database.count("ticket JOIN leaked USING (id, token)"), 10);
            assert_eq!(database.count("ticket_rotation_batch"), 0);
        }
    }
}

#[test]
fn a_call_that_waited_takes_no_part_in_the_next_run() {
    for held in [RANGE, TICKET] {
        let database = started();
        let mut holder = holding(&database, held);
        let waiting = Waiting::begin(&database, BATCH);
        database.one("SELECT cancel_ticket_rotation()");
        database.one("SELECT start_ticket_rotation(ranges => 1)");
        holder.batch_execute("COMMIT").unwrap();
        let _ = waiting.end();
        finish(&database);
        assert_eq!(verified(&database), "true");
        let twice = "(SELECT FROM ticket_rotation_batch, unnest(keys) AS key GROUP BY run_id, key HAVING count(*) > 1) AS twice";
        assert_eq!(database.count(twice), 0, "held by {held}");
    }
}

#[test]
fn a_batch_of_a_run_that_is_resumed_meanwhile_goes_on() {
    let database = started();
    let mut holder = holding(&database, TICKET);
    let waiting = Waiting::begin(&database, BATCH);
    database.execute("SELECT pause_ticket_rotation(); SELECT resume_ticket_rotation()");
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(waiting.end().expect("a batch"), Some(5));
}

#[test]
fn a_run_that_is_cancelled_or_paused_while_it_waits_for_older_writers_is_not_finished() {
    for (how, word) in [("cancel", "cancelled"), ("pause", "paused")] {
        let database = with_tickets(10);
        let mut writer = holding(&database, "INSERT INTO ticket VALUES (11)");
        database.one("SELECT start_ticket_rotation(ranges => 1)");
        assert_eq!(database.one("SELECT rotate_ticket_tokens(NULL, 10)"), "10");
        let mut session = database.connect();
        let finishing = std::thread::spawn(move || {
            loop {
                match call(&mut session, BATCH) {
                    Ok(Some(_)) => {}
                    result => break result,
                }
            }
        });
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        poll("the wait for the writer", || database.count(waiting) == 1);
        database.one(&format!("SELECT {how}_ticket_rotation()"));
        writer.batch_execute("COMMIT").unwrap();
        let refusal = refusal(finishing.join().unwrap());
        assert!(refusal.starts_with("55000") && refusal.ends_with(word), "{refusal}");
        assert_eq!(state(&database), word);
    }
}

/// It waits for the session that finishes the run, which is then no longer there to be cancelled.
#[test]
fn a_cancel_that_came_too_late_says_so() {
    let database = started();
    assert_eq!(database.one("SELECT rotate_ticket_tokens(NULL, 20)"), "10");
    let mut finishing = holding(&database, "SELECT rotate_ticket_tokens(NULL, 20)");
    let cancelling = Waiting::begin(&database, "cancel_ticket_rotation()");
    finishing.batch_execute("COMMIT").unwrap();
    let refusal = refusal(cancelling.end());
    assert!(refusal.starts_with("55000") && refusal.ends_with("is finished"), "{refusal}");
}

/// Each has swept the last ranges in a call before.
#[test]
fn two_sessions_may_finish_a_run_at_once() {
    let database = started();
    assert_eq!(database.one("SELECT rotate_ticket_tokens(NULL, 20)"), "10");
    database.execute(
        "UPDATE ticket_rotation SET sweep_horizon = pg_snapshot_xmin(pg_current_snapshot());
         UPDATE ticket_rotation_range SET swept_at = clock_timestamp()",
    );
    let mut first = holding(&database, RANGE);
    let second = Waiting::begin(&database, BATCH);
    first.batch_execute("COMMIT").unwrap();
    assert_eq!(second.end().expect("the end of the run"), None);
    assert_eq!(state(&database), "finished");
}

#[test]
fn two_sessions_that_start_a_run_at_once_start_one() {
    let database = with_tickets(10);
    let mut first = holding(&database, "SELECT start_ticket_rotation()");
    let second = Waiting::begin(&database, BATCH);
    first.batch_execute("COMMIT").unwrap();
    assert_eq!(second.end().expect("a batch of the first one's run"), Some(5));
    assert_eq!(database.count("ticket_rotation"), 1);
}
