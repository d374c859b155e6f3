//! The guard, with each writer that brings old tokens back in good faith.

mod autovacuum;
mod command;
mod django;
mod dump;
mod storm;
mod subscriber;
mod writers;

use crate::common::{Database, rotated};

/// The sample table after a run, guarded; a copy of it as it was before (`leaked`), and as it is (`live`).
fn guarded(tickets: u32, options: &[&str]) -> Database<'static> {
    let database = rotated(tickets);
    database.complete(&[&["guard", "on"], options].concat());
    keep_live(&database);
    database
}

fn keep_live(database: &Database) {
    database.execute("CREATE TABLE live AS SELECT id, token FROM ticket");
}

/// Tickets that hold the token which they had when the guard was put on.
fn live(database: &Database) -> i64 {
    database.count("ticket JOIN live USING (id, token)")
}

fn leaked(database: &Database) -> i64 {
    database.count("ticket JOIN leaked USING (token)")
}

fn held_off(database: &Database) -> i64 {
    database.one("SELECT sum(held_off) FROM batch_progress").parse().expect("a number")
}
