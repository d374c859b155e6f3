//! Who has which token: what is committed, and what open transactions have written over it.

use std::collections::BTreeMap;

use super::view::{BatchKey, Ledger, Seen};

/// While it has not been committed.
const UNSEEN: usize = usize::MAX;

#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    pub token: Option<String>,
    pub note: i64,
    /// The run that gave it the token.
    pub given_by: Option<i64>,
    /// The step in which key and token came together.
    pub paired_at: usize,
    /// The step in which others could see it so.
    pub visible_at: usize,
}

pub type Tickets = BTreeMap<i64, Ticket>;

impl Ticket {
    pub fn written(token: Option<String>, step: usize) -> Self {
        Self { token, note: 0, given_by: None, paired_at: step, visible_at: UNSEEN }
    }

    pub fn with_token(&self, token: Option<String>, given_by: Option<i64>, step: usize) -> Self {
        Self { note: self.note, given_by, ..Self::written(token, step) }
    }

    pub fn looks_like(&self, seen: &Seen) -> bool {
        self.token == seen.token && self.note == seen.note
    }
}

/// A sweep has looked at the tickets from a first to a last key.
#[derive(Clone, Debug)]
pub struct Look {
    pub run: i64,
    pub sweep: i64,
    pub first_id: i64,
    pub last_id: i64,
    /// The step in which the call began.
    pub at: usize,
    pub ends_range: bool,
}

/// What a transaction has written since it began, or since a savepoint. None: a ticket was deleted.
#[derive(Clone, Debug, Default)]
pub struct Level {
    pub tickets: BTreeMap<i64, Option<Ticket>>,
    pub ledger: Ledger,
    pub looks: Vec<Look>,
}

#[derive(Clone, Debug, Default)]
pub struct State {
    pub tickets: Tickets,
    pub ledger: Ledger,
    pub looks: Vec<Look>,
}

impl State {
    pub fn with<'a>(&self, levels: impl IntoIterator<Item = &'a Level>) -> Self {
        let mut state = self.clone();
        levels.into_iter().for_each(|level| state.add(level));
        state
    }

    fn add(&mut self, level: &Level) {
        for (key, ticket) in &level.tickets {
            match ticket {
                Some(ticket) => self.tickets.insert(*key, ticket.clone()),
                None => self.tickets.remove(key),
            };
        }
        self.ledger.extend(level.ledger.clone());
        self.looks.extend(level.looks.clone());
    }

    pub fn commit(&mut self, levels: &[Level], step: usize) {
        levels.iter().for_each(|level| self.add(level));
        for ticket in self.tickets.values_mut().filter(|ticket| ticket.visible_at == UNSEEN) {
            ticket.visible_at = step;
        }
    }

    /// The step in which a sweep of a run looked at a key.
    pub fn looked_at(&self, run: i64, sweep: i64, key: i64) -> Option<usize> {
        let mut looks = self.looks.iter().filter(|look| (look.run, look.sweep) == (run, sweep));
        looks.find(|look| (look.first_id..=look.last_id).contains(&key)).map(|look| look.at)
    }

    /// All entries of a run, by key.
    pub fn entries(&self, run: i64) -> BTreeMap<i64, Vec<Option<i64>>> {
        let mut entries: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let of_run = self.ledger.iter().filter(|((of, ..), _)| *of == run);
        for (key, digest) in of_run.flat_map(|(_, batch)| &batch.entries) {
            entries.entry(*key).or_default().push(*digest);
        }
        entries
    }

    pub fn knows(&self, batch: &BatchKey) -> bool {
        self.ledger.contains_key(batch)
    }
}
