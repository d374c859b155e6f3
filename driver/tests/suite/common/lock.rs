//! Holding a run up at a chosen ticket, and noticing that it waits there.

use postgres::Client;

use super::database::Database;
use super::process::poll;

/// Another session's lock, until dropped.
pub struct Lock {
    _session: Client,
}

impl Lock {
    pub fn ticket(database: &Database, id: i64) -> Self {
        Self::hold(database, &format!("SELECT FROM ticket WHERE id = {id} FOR UPDATE"))
    }

    pub fn hold(database: &Database, statement: &str) -> Self {
        let mut session = database.connect();
        session.batch_execute(&format!("BEGIN; {statement}")).expect("the lock is free");
        Self { _session: session }
    }
}

pub fn wait_for_blocked(database: &Database, sessions: i64) {
    let blocked = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    poll("sessions that wait for a lock", || database.count(blocked) == sessions);
}
