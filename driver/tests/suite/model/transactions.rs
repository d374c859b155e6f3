//! Transactions of the sessions, and their ends, good and bad.

use super::session::Session;
use super::tickets::Level;
use super::world::{Prepared, World};
use crate::common::poll;

impl World {
    pub fn begin(&mut self, session: usize) {
        if self.sessions[session].levels.is_empty() {
            self.execute(session, "BEGIN").expect("a transaction begins");
            self.sessions[session].levels.push(Level::default());
        }
    }

    pub fn savepoint(&mut self, session: usize) {
        let depth = self.sessions[session].levels.len();
        if (1..4).contains(&depth) {
            self.execute(session, &format!("SAVEPOINT s{depth}")).expect("a savepoint");
            self.sessions[session].levels.push(Level::default());
        }
    }

    pub fn roll_back_to(&mut self, session: usize) {
        let depth = self.sessions[session].levels.len();
        if depth > 1 {
            let savepoint = self.random.usize(1..depth);
            self.note(session, &format!("ROLLBACK TO s{savepoint}"));
            self.sessions[session].roll_back_to(savepoint);
        }
    }

    pub fn commit(&mut self, session: usize) {
        if !self.sessions[session].levels.is_empty() {
            self.execute(session, "COMMIT").expect("the transaction can be committed");
            let levels = std::mem::take(&mut self.sessions[session].levels);
            self.sessions[session].first_write = None;
            self.state.commit(&levels, self.step);
        }
    }

    pub fn roll_back(&mut self, session: usize) {
        if !self.sessions[session].levels.is_empty() {
            self.note(session, "ROLLBACK");
            self.sessions[session].roll_back();
        }
    }

    pub fn prepare(&mut self, session: usize) {
        if self.sessions[session].levels.is_empty() {
            return;
        }
        let name = format!("{}_{}", self.database.name, self.step);
        self.execute(session, &format!("PREPARE TRANSACTION '{name}'")).expect("it can be prepared");
        let levels = std::mem::take(&mut self.sessions[session].levels);
        self.prepared.push(Prepared { name, levels });
    }

    pub fn end_prepared(&mut self, session: usize) {
        if self.prepared.is_empty() || !self.sessions[session].levels.is_empty() {
            return;
        }
        let Prepared { name, levels } = self.prepared.swap_remove(self.random.usize(..self.prepared.len()));
        let commits = self.random.bool();
        let how = if commits { "COMMIT" } else { "ROLLBACK" };
        self.execute(session, &format!("{how} PREPARED '{name}'")).expect("it can be ended");
        if commits {
            self.state.commit(&levels, self.step);
        }
    }

    /// As when its process crashes: with an open transaction, or in the middle of a call.
    pub fn terminate_any(&mut self, session: usize) {
        let victim = self.random.usize(..self.sessions.len());
        self.note(session, &format!("pg_terminate_backend of session {victim}"));
        let process = self.sessions[victim].process;
        self.observer.query_one("SELECT pg_terminate_backend($1)", &[&process]).expect("the server answers");
        let running = "SELECT FROM pg_stat_activity WHERE pid = $1";
        poll("the end of a session", || {
            self.observer.query(running, &[&process]).is_ok_and(|rows| rows.is_empty())
        });
        if self.sessions[victim].is_free() {
            self.sessions[victim] = Session::new(&self.database);
        }
    }

    pub fn cancel_call(&mut self, session: usize) {
        if let Some(waiting) = self.call_under_way() {
            self.note(session, &format!("pg_cancel_backend of session {waiting}"));
            let process = self.sessions[waiting].process;
            self.observer.query_one("SELECT pg_cancel_backend($1)", &[&process]).expect("the server answers");
        }
    }

    /// One of the transactions that a call may be waiting for; false: there is none.
    pub fn end_any(&mut self) -> bool {
        let with_transaction =
            |session: &usize| self.sessions[*session].is_free() && !self.sessions[*session].levels.is_empty();
        let open: Vec<usize> = (0..self.sessions.len()).filter(with_transaction).collect();
        match self.random.choice(open) {
            Some(session) if self.random.u32(..4) > 0 => self.commit(session),
            Some(session) => self.roll_back(session),
            None if self.prepared.is_empty() => return false,
            None => {
                let free = (0..self.sessions.len()).find(|&session| self.sessions[session].is_free());
                self.end_prepared(free.expect("at most one call is under way"));
            }
        }
        true
    }
}
