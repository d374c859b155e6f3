//! Logic that one transaction can show; `cargo pgrx test` rolls each test back.

use pgrx::prelude::*;

mod batches;
mod entries;
mod formats;
mod guard;
mod identity;
mod interference;
mod keys;
mod matrix;
mod nulls;
mod privileges;
mod runs;
mod sweep;
mod targets;
mod tokens;
mod tuning;
mod verification;

fn run(sql: &str) {
    Spi::run(sql).expect(sql);
}

fn one<T: FromDatum + IntoDatum>(sql: &str) -> Option<T> {
    Spi::get_one(sql).expect(sql)
}

fn count(sql: &str) -> i64 {
    one(&format!("SELECT count(*) FROM {sql}")).expect("count is never NULL")
}

/// A table of tickets with these ids, and a copy of it as it was.
fn create_tickets(ids: &str) {
    run("CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid UNIQUE DEFAULT gen_random_uuid())");
    run(&format!("INSERT INTO ticket SELECT {ids}"));
    run("CREATE TABLE leaked AS TABLE ticket");
}

/// Ids of the tickets whose token differs from the leaked one.
fn rotated() -> Vec<i64> {
    one("SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM ticket JOIN leaked USING (id)
         WHERE ticket.token IS DISTINCT FROM leaked.token")
    .expect("an empty array at least")
}

fn rotate(arguments: &str) -> Option<i64> {
    one(&format!("SELECT rotate_ticket_tokens({arguments})"))
}

fn state() -> Option<String> {
    one("SELECT state FROM batch_progress ORDER BY run_id DESC LIMIT 1")
}

/// The ledger's intervals neither overlap nor leave a gap, and its entries are the tickets that were rotated.
fn assert_ledger_complete() {
    let gaps = count(
        "(SELECT first_id, lag(last_id) OVER (ORDER BY last_id) AS previous
          FROM ticket_rotation_batch WHERE sweep = 0) AS row
         WHERE first_id <> coalesce(previous + 1, -9223372036854775808)",
    );
    assert_eq!(gaps, 0, "gaps or overlaps in the ledger");
    let reached = one::<bool>(
        "SELECT max(last_id) = (SELECT upper_id FROM ticket_rotation) FROM ticket_rotation_batch WHERE sweep = 0",
    );
    assert_eq!(reached, Some(true), "the ledger ends where the run does");
    assert_eq!(entries(), rotated(), "entries and rotated tickets");
}

/// Keys of all entries; each is that of the token that leaked.
fn entries() -> Vec<i64> {
    assert_eq!(
        count(
            "ticket_rotation_batch, unnest(keys, digests) AS entry (key, digest)
             JOIN leaked ON leaked.id = entry.key
             WHERE digest IS DISTINCT FROM ticket_token_digest(leaked.token)"
        ),
        0,
        "entries with another digest than that of the leaked token"
    );
    one("SELECT coalesce(array_agg(key ORDER BY key), '{}') FROM ticket_rotation_batch, unnest(keys) AS key
         JOIN leaked ON id = key")
    .expect("an empty array at least")
}
