//! Kinds of faults, each in several forms: what changes under a call that waits, who puts old tokens back, what comes
//! late, who holds what for how long.

mod changed_tables;
mod changed_while_at_work;
mod ended_runs;
mod late_writers;
mod moving_tickets;
mod partitions;
mod settings;
mod triggers;
mod waited_in_vain;
mod waits;

use std::thread::{self, JoinHandle};

use postgres::{Client, Error};

use crate::common::{Database, wait_for_blocked};

/// With ids from 1 on, and a copy of it as it was.
fn with_tickets(tickets: u32) -> Database<'static> {
    let database = Database::create();
    make_tickets(&database, tickets);
    database
}

fn make_tickets(database: &Database, tickets: u32) {
    database.execute(&format!(
        "CREATE TABLE ticket (id bigint PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid(), note text);
         INSERT INTO ticket (id) SELECT generate_series(1, {tickets});
         CREATE TABLE leaked AS SELECT id, token FROM ticket"
    ));
}

/// Ids of the tickets that have the token of the copy, separated by spaces.
fn with_leaked_token(database: &Database) -> String {
    database.one("SELECT string_agg(id::text, ' ' ORDER BY id) FROM ticket JOIN leaked USING (id, token)")
}

fn verified(database: &Database) -> String {
    database.one("SELECT verified FROM verify_ticket_rotation()")
}

fn state(database: &Database) -> String {
    database.one("SELECT state FROM ticket_rotation ORDER BY run_id DESC LIMIT 1")
}

/// Until nothing is left.
fn finish(database: &Database) {
    let mut client = database.connect();
    let calls = (0..1000)
        .take_while(|_| call(&mut client, "rotate_ticket_tokens(NULL, 10)").expect("a batch").is_some());
    assert!(calls.count() < 1000, "the run comes to an end");
    assert_eq!(state(database), "finished");
}

fn call(client: &mut Client, call: &str) -> Result<Option<i64>, Error> {
    client.query_one(&format!("SELECT {call}"), &[]).map(|row| row.get(0))
}

/// SQLSTATE and message; panics where there was no error.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("the call is refused");
    let error = error.as_db_error().expect("an error of the server");
    format!("{} {}", error.code().code(), error.message())
}

/// A session with an open transaction that has done something.
fn holding(database: &Database, statements: &str) -> Client {
    let mut session = database.connect();
    session.batch_execute(&format!("BEGIN; {statements}")).expect("nobody is in the way");
    session
}

/// A call in a session of its own that has to wait for another one.
struct Waiting(JoinHandle<Result<Option<i64>, Error>>);

impl Waiting {
    fn begin(database: &Database, text: &'static str) -> Self {
        Self::begin_in(database, database.connect(), text)
    }

    fn begin_in(database: &Database, mut session: Client, text: &'static str) -> Self {
        let waiting = Self(thread::spawn(move || call(&mut session, text)));
        wait_for_blocked(database, 1);
        waiting
    }

    fn end(self) -> Result<Option<i64>, Error> {
        self.0.join().expect("the call does not panic")
    }
}
