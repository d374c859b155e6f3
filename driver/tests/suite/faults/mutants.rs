//! The campaign itself is tested: it has to fail where a safeguard is removed. The extension's function is replaced
//! by a plain one, which survives, and by that one with a small difference.

use super::campaign::Campaign;
use super::kind::Kind;
use super::report::Report;
use super::schedule::Schedule;
use super::table::prepare;
use crate::common::{Database, Edition, Server};

const KINDS: [Kind; 6] = [
    Kind::SessionTerminated,
    Kind::DriverKilled,
    Kind::SessionTerminated,
    Kind::UpdatesSuppressed,
    Kind::TableSwapped,
    Kind::RunCancelled,
];
const TICKETS: u64 = 2000;
/// Chance decides where a fault meets a batch.
const ATTEMPTS: u64 = 6;

/// Each text, which occurs once, and what stands in its place.
type Differences<'a> = [(&'a str, &'a str)];

/// With each fault once.
fn campaign(seed: u64, differences: &Differences) -> Report {
    let mut function = include_str!("stand_in.sql").to_owned();
    for (text, instead) in differences {
        assert_eq!(function.matches(text).count(), 1, "{text}");
        function = function.replace(text, instead);
    }
    // Whatever edition is tested: this is about what the campaign notices.
    let database = Database::create_with(Edition::Extension, Server::shared());
    prepare(&database, TICKETS, false);
    database.execute(&format!("CREATE EXTENSION dblink; {function}"));
    let schedule = Schedule::limited(seed, KINDS.len(), &KINDS);
    let report = Campaign::begin(&database, &schedule, None, false).run(schedule);
    println!("{report}");
    report
}

#[track_caller]
fn assert_noticed(violation: &str, differences: &Differences) {
    let noticed = (1..=ATTEMPTS).any(|seed| campaign(seed, differences).violations.contains(&violation));
    assert!(noticed, "{violation} is missing");
}

#[test]
fn a_plain_function_with_every_safeguard_survives() {
    assert_eq!(campaign(1, &[]).violations, [""; 0]);
}

/// What others leave out, the sweep finds: without it, theirs is the last word.
const NO_SWEEP: (&str, &str) =
    ("AND (id NOT IN (SELECT key FROM entry)", "AND false AND (id NOT IN (SELECT key FROM entry)");

const LEDGER_ROW: &str = "INSERT INTO ticket_rotation_batch
            (run_id, sweep, first_id, last_id, tickets, range_tickets, keys, digests, started_at)
        VALUES (run.run_id, sweep_number, next_id, reached, cardinality(written), before + cardinality(written),
                written, retired, claimed_at);";

const LEDGER_ROW_BEFORE: &str = "SELECT array_agg(ticket_token_digest(token) ORDER BY id) INTO retired
        FROM ticket WHERE id = ANY (ids);
        PERFORM dblink_exec(
            format('dbname=%s host=%s port=%s', current_database(),
                   current_setting('unix_socket_directories'), current_setting('port')),
            format('INSERT INTO ticket_rotation_batch (run_id, sweep, first_id, last_id, tickets, range_tickets, keys,
                                                       digests, started_at, transaction_id)
                    VALUES (%L, %L, %L, %L, %L, %L, %L, %L, %L, %L)',
                   run.run_id, sweep_number, next_id, ids[cardinality(ids)], cardinality(ids),
                   before + cardinality(ids), ids, retired, claimed_at, pg_current_xact_id()));
        WITH old AS (";

#[test]
fn a_ledger_row_saved_outside_the_transaction_is_noticed() {
    let differences = [("WITH old AS (", LEDGER_ROW_BEFORE), (LEDGER_ROW, "")];
    assert_noticed("entries are not of the tokens that were lost", &differences);
}

/// RETURNING promises no order. Which one comes depends on the plan: on 18 it is that of the keys.
#[test]
fn a_cursor_in_another_order_than_the_keys_is_noticed() {
    assert_noticed("rotated twice", &[("max(id)", "(array_agg(id ORDER BY digest))[count(*)]")]);
}

#[test]
fn a_suppressed_update_that_is_not_accounted_for_is_noticed() {
    let unseen = ("IF EXISTS (SELECT FROM ticket WHERE", "IF EXISTS (SELECT FROM ticket WHERE false AND");
    assert_noticed("not rotated", &[unseen, NO_SWEEP]);
}

#[test]
fn locked_tickets_that_are_skipped_are_noticed() {
    assert_noticed("not rotated", &[("LIMIT batch", "LIMIT batch FOR UPDATE SKIP LOCKED"), NO_SWEEP]);
}

#[test]
fn a_stop_at_the_first_empty_interval_is_noticed() {
    let interval = (
        "WHERE id >= next_id AND id <= part.last_id",
        "WHERE id >= next_id AND id <= least(part.last_id, greatest(next_id, 0) + 10 * batch)",
    );
    assert_noticed("not rotated", &[interval, NO_SWEEP]);
}

#[test]
fn a_look_at_the_table_before_its_lock_is_noticed() {
    assert_noticed("another table was rotated", &[("LOCK TABLE ticket IN ROW EXCLUSIVE MODE;", "")]);
}

#[test]
fn a_state_that_is_read_only_before_the_range_is_locked_is_noticed() {
    let again = ("CONTINUE WHEN NOT EXISTS (", "CONTINUE WHEN false AND NOT EXISTS (");
    assert_noticed("batch after the end of its run", &[again]);
}

#[test]
fn entries_of_what_was_read_before_the_update_are_noticed() {
    let read = ("WHERE id = ANY (ids) FOR UPDATE", "WHERE id = ANY (ids)");
    assert_noticed("entries are not of the tokens that were lost", &[read]);
}

#[test]
fn entries_that_are_not_kept_are_noticed() {
    let none = ("written, retired, claimed_at)", "'{}', '{}', claimed_at)");
    assert_noticed("entries are not of the tokens that were lost", &[none]);
}

#[test]
fn a_run_that_is_not_swept_is_noticed() {
    assert_noticed("has its leaked token", &[NO_SWEEP]);
}

#[test]
fn a_sweep_that_does_not_know_retired_tokens_is_noticed() {
    let retired = "OR (id, ticket_token_digest(token)) IN (SELECT key, digest FROM entry)";
    assert_noticed("has its leaked token", &[(retired, "")]);
}

#[test]
fn a_sweep_that_does_not_go_by_entries_is_noticed() {
    let all = ("AND (id NOT IN (SELECT key FROM entry)", "AND (true OR id NOT IN (SELECT key FROM entry)");
    assert_noticed("rotated twice", &[all]);
}
