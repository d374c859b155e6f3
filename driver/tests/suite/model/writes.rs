//! What the application writes beside the run, and what the model expects of it.

use postgres::error::SqlState;

use super::tickets::{Ticket, Tickets};
use super::world::World;

/// Another session is in the way, or the token or key is taken.
const EXPECTED: [&SqlState; 3] =
    [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::UNIQUE_VIOLATION, &SqlState::T_R_DEADLOCK_DETECTED];

type Changes = Vec<(i64, Option<Ticket>)>;

impl World {
    pub fn insert(&mut self, session: usize) {
        let tickets = self.seen_by(session).tickets;
        let key = self.free_key(&tickets);
        let token = self.token_for(key);
        self.insert_as(session, key, token);
    }

    fn insert_as(&mut self, session: usize, key: i64, token: Option<String>) {
        let value = self.shape.literal(token.as_deref());
        let ticket = Ticket::written(token, self.step);
        self.write(
            session,
            &format!("INSERT INTO ticket VALUES ({key}, {value})"),
            vec![(key, Some(ticket))],
        );
    }

    /// As an application does that leaves the key to the sequence.
    pub fn insert_next(&mut self, session: usize) {
        if !self.shape.has_sequence() {
            return self.insert(session);
        }
        let drawn = self.observer.query_one("SELECT nextval('ticket_id_seq')", &[]);
        let token = Some(self.shape.new_token(&mut self.random));
        self.insert_as(session, drawn.expect("a number").get(0), token);
    }

    pub fn delete(&mut self, session: usize) {
        let Some((key, _)) = self.any_ticket(session) else { return };
        self.write(session, &format!("DELETE FROM ticket WHERE id = {key}"), vec![(key, None)]);
    }

    pub fn update_another_column(&mut self, session: usize) {
        let Some((key, ticket)) = self.any_ticket(session) else { return };
        let touched = Ticket { note: ticket.note + 1, ..ticket };
        let sql = format!("UPDATE ticket SET note = note + 1 WHERE id = {key}");
        self.write(session, &sql, vec![(key, Some(touched))]);
    }

    /// A new token of the application's own, or one that this ticket or any other had before.
    pub fn write_token(&mut self, session: usize) {
        let Some((key, ticket)) = self.any_ticket(session) else { return };
        let token = self.token_for(key);
        if token == ticket.token {
            return;
        }
        let sql =
            format!("UPDATE ticket SET token = {} WHERE id = {key}", self.shape.literal(token.as_deref()));
        let written = ticket.with_token(token, None, self.step);
        self.write(session, &sql, vec![(key, Some(written))]);
    }

    pub fn restore_token(&mut self, session: usize) {
        let Some((key, ticket)) = self.any_ticket(session) else { return };
        let Some(token) = self.former_token(key).filter(|token| ticket.token.as_ref() != Some(token)) else {
            return;
        };
        let sql = format!("UPDATE ticket SET token = {} WHERE id = {key}", self.shape.literal(Some(&token)));
        let written = ticket.with_token(Some(token), None, self.step);
        self.write(session, &sql, vec![(key, Some(written))]);
    }

    /// A ticket that is gone comes back as it was once.
    pub fn restore_ticket(&mut self, session: usize) {
        let tickets = self.seen_by(session).tickets;
        let gone = |(key, _): &&(i64, String)| !tickets.contains_key(key);
        let former: Vec<_> = self.history.iter().filter(gone).cloned().collect();
        let Some((key, token)) = self.random.choice(former) else { return };
        self.insert_as(session, key, Some(token));
    }

    pub fn move_ticket(&mut self, session: usize) {
        let Some((key, ticket)) = self.any_ticket(session) else { return };
        let to = self.free_key(&self.seen_by(session).tickets);
        let moved = ticket.with_token(ticket.token.clone(), None, self.step);
        let sql = format!("UPDATE ticket SET id = {to} WHERE id = {key}");
        self.write(session, &sql, vec![(key, None), (to, Some(moved))]);
    }

    /// Only outside of transactions: nobody could look at the table until it ends.
    pub fn truncate(&mut self, session: usize) {
        if !self.sessions[session].levels.is_empty() {
            return;
        }
        let all = self.state.tickets.keys().map(|&key| (key, None)).collect();
        self.write(session, "TRUNCATE ticket", all);
    }

    /// As VACUUM FULL and ALTER TABLE do: rows have other places, or other transactions have written them.
    pub fn rewrite(&mut self, session: usize) {
        if !self.sessions[session].levels.is_empty() {
            return;
        }
        let statements = [
            "VACUUM FULL ticket",
            "VACUUM FREEZE ticket",
            "ANALYZE ticket",
            "ALTER TABLE ticket ADD spare int",
        ];
        let sql = self.random.choice(statements).unwrap_or_default();
        let expected = [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::DUPLICATE_COLUMN];
        if let Err(error) = self.execute(session, sql) {
            self.failed(session, &error, &expected);
        }
    }

    fn write(&mut self, session: usize, sql: &str, changes: Changes) {
        match self.execute(session, sql) {
            Ok(_) => self.wrote(session, changes),
            Err(error) => self.failed(session, &error, &EXPECTED),
        }
    }

    fn any_ticket(&mut self, session: usize) -> Option<(i64, Ticket)> {
        let tickets: Vec<_> = self.seen_by(session).tickets.into_iter().collect();
        self.random.choice(tickets)
    }

    fn token_for(&mut self, key: i64) -> Option<String> {
        match self.random.u32(..10) {
            0 if self.shape.may_be_null => None,
            1 if !self.history.is_empty() => {
                self.random.choice(&self.history).map(|(_, token)| token.clone())
            }
            2 => self.former_token(key).or_else(|| Some(self.shape.new_token(&mut self.random))),
            _ => Some(self.shape.new_token(&mut self.random)),
        }
    }

    fn former_token(&mut self, key: i64) -> Option<String> {
        let former: Vec<_> = self.history.iter().filter(|(of, _)| *of == key).collect();
        self.random.choice(former).map(|(_, token)| token.clone())
    }

    /// Mostly near the others, now and then at the end of all keys.
    fn free_key(&mut self, tickets: &Tickets) -> i64 {
        let keys = self.shape.keys.clone();
        loop {
            let key = match self.random.u32(..20) {
                0 => *keys.start(),
                1 => *keys.end(),
                2..6 => tickets.keys().next_back().map_or(1, |highest| highest.saturating_add(1)),
                _ => self.random.i64(-3..30),
            };
            if keys.contains(&key) && !tickets.contains_key(&key) {
                return key;
            }
        }
    }
}
