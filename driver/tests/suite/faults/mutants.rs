//! The campaign itself is tested: it has to fail where a safeguard is removed. The extension's function is replaced
//! by a plain one, which survives, and by that one with a small difference.

use super::campaign::{Campaign, prepare};
use super::kind::Kind;
use super::report::Report;
use super::schedule::Schedule;
use crate::common::Database;

const KINDS: [Kind; 4] =
    [Kind::SessionTerminated, Kind::DriverKilled, Kind::SessionTerminated, Kind::UpdatesSuppressed];
const KILLS: usize = 12;
const TICKETS: u64 = 4000;

/// Each text, which occurs once, and what stands in its place.
type Differences<'a> = [(&'a str, &'a str)];

fn campaign(differences: &Differences) -> Report {
    let mut function = include_str!("stand_in.sql").to_owned();
    for (text, instead) in differences {
        assert_eq!(function.matches(text).count(), 1, "{text}");
        function = function.replace(text, instead);
    }
    let database = Database::create();
    prepare(&database, TICKETS);
    database.execute(&format!("CREATE EXTENSION dblink; {function}"));
    let schedule = Schedule::limited(1, KILLS, &KINDS);
    let report = Campaign::begin(&database, &schedule, None, false).run(schedule);
    println!("{report}");
    report
}

#[track_caller]
fn assert_noticed(violation: &str, differences: &Differences) {
    let report = campaign(differences);
    assert!(report.violations.contains(&violation), "{violation} is missing: {report}");
}

#[test]
fn a_plain_function_with_every_safeguard_survives() {
    assert_eq!(campaign(&[]).violations, [""; 0]);
}

#[test]
fn a_cursor_saved_outside_the_transaction_is_noticed() {
    let save = "PERFORM dblink_exec(
            format('dbname=%s host=%s port=%s', current_database(),
                   current_setting('unix_socket_directories'), current_setting('port')),
            format('INSERT INTO ticket_rotation_batch (run_id, after_id, last_id, tickets, started_at, transaction_id)
                    VALUES (%L, %L, %L, %L, %L, %L)', run, checkpoint, tickets[cardinality(tickets)],
                   cardinality(tickets), started_at, pg_current_xact_id()));
        WITH written AS (";
    let saved_with_it = "INSERT INTO ticket_rotation_batch (run_id, after_id, last_id, tickets, started_at)
        VALUES (run, checkpoint, reached, written, started_at);";
    assert_noticed("not rotated", &[("WITH written AS (", save), (saved_with_it, "")]);
}

#[test]
fn a_cursor_in_the_order_of_returning_is_noticed() {
    assert_noticed("rotated twice", &[("max(id)", "(array_agg(id))[count(*)]")]);
}

#[test]
fn a_suppressed_update_that_is_not_accounted_for_is_noticed() {
    assert_noticed(
        "not rotated",
        &[("IF EXISTS (SELECT FROM ticket WHERE", "IF EXISTS (SELECT FROM ticket WHERE false AND")],
    );
}

#[test]
fn locked_tickets_that_are_skipped_are_noticed() {
    assert_noticed("not rotated", &[("LIMIT batch", "LIMIT batch FOR UPDATE SKIP LOCKED")]);
}

#[test]
fn a_stop_at_the_first_empty_interval_is_noticed() {
    let interval = "id <= least(part.upper_id, greatest(checkpoint, 0) + 10 * batch)\n            ORDER BY id LIMIT batch";
    assert_noticed("not rotated", &[("id <= part.upper_id\n            ORDER BY id LIMIT batch", interval)]);
}
