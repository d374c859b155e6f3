//! A connection, the transaction that is open on it, and the call that is under way.

use std::thread::{self, JoinHandle};

use postgres::{Client, Error};

use super::tickets::Level;
use super::view::query;
use crate::common::Database;

/// Of statements that are not to wait for the model's other sessions: it alone could let them go on.
const IMPATIENT: &str = "SET lock_timeout = '10ms'";
const PATIENT: &str = "SET lock_timeout = 0";

/// What a statement returned: its last column's values.
pub type Answer = Result<Vec<Option<String>>, Error>;

pub struct Session {
    client: Option<Client>,
    pub process: i32,
    /// Of the open transaction, with one more for each savepoint; none: there is no transaction.
    pub levels: Vec<Level>,
    /// The step in which the open transaction first wrote.
    pub first_write: Option<usize>,
    pub call: Option<Call>,
}

/// A call of the extension that may have to wait for another session.
pub struct Call {
    batch: i64,
    pub begun_at: usize,
    handle: JoinHandle<(Client, Answer)>,
}

impl Session {
    pub fn new(database: &Database) -> Self {
        let mut client = database.connect();
        client.batch_execute(IMPATIENT).expect("it can be set");
        let process = client.query_one("SELECT pg_backend_pid()", &[]).expect("it answers").get(0);
        Self { client: Some(client), process, levels: Vec::new(), first_write: None, call: None }
    }

    pub fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("no call is under way")
    }

    pub fn is_free(&self) -> bool {
        self.call.is_none()
    }

    pub fn execute(&mut self, sql: &str) -> Answer {
        last_column(query(self.client(), sql))
    }

    /// Returns at once; the answer comes with `finish`.
    pub fn begin_call(&mut self, text: String, batch: i64, begun_at: usize) {
        let mut client = self.client.take().expect("no call is under way");
        client.batch_execute(PATIENT).expect("it can be set");
        let handle = thread::spawn(move || {
            let answer = last_column(query(&mut client, &text));
            if answer.is_ok() {
                client.batch_execute(IMPATIENT).expect("it can be set");
            }
            (client, answer)
        });
        self.call = Some(Call { batch, begun_at, handle });
    }

    pub fn has_finished(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.handle.is_finished())
    }

    /// The size and step of the call, and its answer.
    pub fn finish(&mut self) -> (i64, usize, Answer) {
        let Call { batch, begun_at, handle, .. } = self.call.take().expect("a call is under way");
        let (client, answer) = handle.join().expect("the call does not panic");
        self.client = Some(client);
        (batch, begun_at, answer)
    }

    /// After an error: back to the last savepoint, or out of the transaction.
    pub fn recover(&mut self) {
        match self.levels.len() {
            0 => self.client().batch_execute(IMPATIENT).expect("it can be set"),
            1 => self.roll_back(),
            depth => self.roll_back_to(depth - 1),
        }
    }

    pub fn roll_back(&mut self) {
        self.client().batch_execute("ROLLBACK").expect("it can be rolled back");
        self.client().batch_execute(IMPATIENT).expect("it can be set");
        self.levels.clear();
        self.first_write = None;
    }

    pub fn roll_back_to(&mut self, savepoint: usize) {
        let sql = format!("ROLLBACK TO s{savepoint}");
        self.client().batch_execute(&sql).expect("there is the savepoint");
        self.levels.truncate(savepoint);
        self.levels.push(Level::default());
    }
}

fn last_column(results: Result<Vec<Vec<Vec<Option<String>>>>, Error>) -> Answer {
    let rows = results?.into_iter().rev().find(|rows| !rows.is_empty()).unwrap_or_default();
    Ok(rows.into_iter().filter_map(|mut row| row.pop()).collect())
}
