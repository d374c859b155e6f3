//! Questions to a server that may be down: no answer then, and a new connection for the next question.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use postgres::Client;

use crate::common::Database;

pub struct Probe<'a> {
    database: &'a Database<'a>,
    client: Option<Client>,
}

impl<'a> Probe<'a> {
    pub fn new(database: &'a Database<'a>) -> Self {
        Self { database, client: None }
    }

    /// The one value of a query, as text; empty for NULL and for no row.
    pub fn ask(&mut self, query: &str) -> Result<String, postgres::Error> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => self.database.try_connect()?,
        };
        let row = client.query_one(&format!("SELECT coalesce(({query})::text, '')"), &[])?;
        self.client = Some(client);
        Ok(row.get(0))
    }

    pub fn is_true(&mut self, condition: &str) -> bool {
        self.ask(condition).is_ok_and(|answer| answer == "true")
    }

    /// None: the server does not say.
    pub fn number(&mut self, query: &str) -> Option<u64> {
        self.ask(query).ok()?.parse().ok()
    }

    /// Over and over until the server has done it.
    #[track_caller]
    pub fn insist(&mut self, statement: &str) {
        wait_for(statement, Duration::from_mins(1), || {
            let done = self.database.try_connect().and_then(|mut client| client.batch_execute(statement));
            done.is_ok()
        });
    }

    #[track_caller]
    pub fn wait_until_it_answers(&mut self) {
        self.client = None;
        wait_for("an answer of the server", Duration::from_mins(1), || self.is_true("true"));
    }
}

#[track_caller]
pub fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "waited in vain for: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// The clock of this machine and so of the server, in seconds.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_secs_f64()
}
