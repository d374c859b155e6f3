//! The tickets of an interval beside the entries that the ledger has of them, step by step (keyset pagination).
//!
//! A ticket is due when it has no entry, or when its live token is one that was retired. It needs no transaction ids:
//! it says the same after any number of them, a rewrite of the table or a restore.
//!
//! A step puts the entries of some batches into view and scans their interval of the table, with a function that looks
//! each ticket up there as it comes by: only what is due leaves the scan.

use std::cell::RefCell;
use std::collections::HashMap;

use pgrx::Spi;

use crate::context::Context;
use crate::error::TicketError;
use crate::interval::Interval;
use crate::run::Run;

/// Entries in view, and due tickets that a step returns at most: some hundred kilobytes, and one scan for many ledger
/// rows where batches are small.
const STEP: i64 = 20_000;

/// Numbered as the function in the scan returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotRotated = 1,
    OldToken = 2,
}

#[derive(Clone, Copy)]
pub struct Due {
    pub key: i64,
    /// Of its live token.
    pub digest: i64,
    pub reason: Reason,
}

/// Walks through an interval; where it stands, all before has been looked at.
pub struct Accounting {
    next: Option<i64>,
    last_id: i64,
}

/// What one step has found.
pub struct Step {
    pub interval: Interval,
    /// How many entries it has compared with.
    pub entries: usize,
    /// By key.
    pub due: Vec<Due>,
}

impl Accounting {
    pub fn of(interval: Interval) -> Self {
        let Interval { first_id, last_id } = interval;
        Self { next: (first_id <= last_id).then_some(first_id), last_id }
    }

    /// None at the end. Each step frees what it has read.
    pub fn step(&mut self, context: &Context, run: &Run) -> Result<Option<Step>, TicketError> {
        let Some(first_id) = self.next else { return Ok(None) };
        let rest = Interval { first_id, last_id: self.last_id };
        // Entries first: a ticket that is rotated in between has a token that none of them retired.
        let (view, last_id) = View::load(context, run, rest)?;
        let entries = view.batches.len();
        let (due, last_id) = view.scan(context, Interval { first_id, last_id })?;
        self.next = if last_id < self.last_id { Some(last_id + 1) } else { None };
        Ok(Some(Step { interval: Interval { first_id, last_id }, entries, due }))
    }
}

#[derive(Default)]
struct View {
    /// Entries of batches, by key.
    batches: Vec<(i64, Option<i64>)>,
    /// Entries of sweeps: few, and in no order.
    sweeps: HashMap<i64, Vec<Option<i64>>>,
    /// Where the last ticket's entries begin: the next one's are mostly not far.
    position: usize,
}

thread_local! {
    static IN_VIEW: RefCell<Option<View>> = const { RefCell::new(None) };
}

/// While it lives, there are entries in view. Dropped also by an error.
struct Looking;

impl Drop for Looking {
    fn drop(&mut self) {
        IN_VIEW.set(None);
    }
}

/// Whether a ticket that comes by in the scan is due.
pub fn look_up(key: i64, live: i64) -> Result<Option<Reason>, TicketError> {
    IN_VIEW.with_borrow_mut(|view| Ok(view.as_mut().ok_or(TicketError::OutsideBatch)?.look_up(key, live)))
}

impl View {
    /// Of the next batches, and the key that they reach up to.
    fn load(context: &Context, run: &Run, rest: Interval) -> Result<(Self, i64), TicketError> {
        let mut view = Self::default();
        let last_id = Spi::connect(|client| {
            let args = [run.id.into(), rest.first_id.into(), rest.last_id.into(), STEP.into()];
            let mut last_id = None;
            for row in context.session.read(client, include_str!("queries/entries.sql"), &args)? {
                let keys: Vec<i64> = row.get(2)?.unwrap_or_default();
                let digests: Vec<Option<i64>> = row.get(3)?.unwrap_or_default();
                view.batches.extend(keys.into_iter().zip(digests));
                last_id = row.get(1)?;
            }
            Ok::<i64, TicketError>(last_id.map_or(rest.last_id, |last_id: i64| last_id.min(rest.last_id)))
        })?;
        if run.has_swept {
            view.load_sweeps(context, run, Interval { last_id, ..rest })?;
        }
        Ok((view, last_id))
    }

    fn load_sweeps(&mut self, context: &Context, run: &Run, interval: Interval) -> Result<(), TicketError> {
        Spi::connect(|client| {
            let args = [run.id.into(), interval.first_id.into(), interval.last_id.into()];
            for row in context.session.read(client, include_str!("queries/swept_entries.sql"), &args)? {
                self.sweeps.entry(row.get(1)?.unwrap_or_default()).or_default().push(row.get(2)?);
            }
            Ok(())
        })
    }

    /// The tickets that are due, and the key that they reach up to.
    fn scan(self, context: &Context, interval: Interval) -> Result<(Vec<Due>, i64), TicketError> {
        let _looking = Looking;
        IN_VIEW.set(Some(self));
        Spi::connect_mut(|client| {
            let args = [interval.first_id.into(), interval.last_id.into(), STEP.into()];
            let mut due = Vec::new();
            for row in context.read(client, include_str!("queries/due_tickets.sql"), &args)? {
                let is_old = row.get(3)? == Some(Reason::OldToken as i32);
                let reason = if is_old { Reason::OldToken } else { Reason::NotRotated };
                let (key, digest) = (row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or_default());
                due.push(Due { key, digest, reason });
            }
            let is_full = due.len() as i64 >= STEP;
            let last_id = due.last().filter(|_| is_full).map_or(interval.last_id, |due| due.key);
            Ok((due, last_id))
        })
    }

    fn look_up(&mut self, key: i64, live: i64) -> Option<Reason> {
        self.move_to(key);
        let own = self.batches[self.position..].iter().take_while(|(of, _)| *of == key);
        let own = own.map(|(_, retired)| *retired);
        let mut retired = own.chain(self.sweeps.get(&key).into_iter().flatten().copied()).peekable();
        if retired.peek().is_none() {
            return Some(Reason::NotRotated);
        }
        retired.any(|retired| retired == Some(live)).then_some(Reason::OldToken)
    }

    /// To the first entry that is not of a lower key: the next one or so where the scan is in key order.
    fn move_to(&mut self, key: i64) {
        const NEAR: usize = 8;
        if self.position > 0 && self.batches[self.position - 1].0 >= key {
            self.position = 0;
        }
        let rest = &self.batches[self.position..];
        let near = rest.iter().take(NEAR).take_while(|(of, _)| *of < key).count();
        self.position += if near < NEAR { near } else { rest.partition_point(|(of, _)| *of < key) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(tickets: &[(i64, i64)]) -> Vec<(i64, Reason)> {
        let batches = vec![(1, Some(10)), (2, Some(20)), (3, None), (4, Some(40)), (4, Some(41))];
        let sweeps = HashMap::from([(7, vec![Some(71), Some(70)])]);
        let mut view = View { batches, sweeps, position: 0 };
        tickets.iter().filter_map(|&(key, live)| Some((key, view.look_up(key, live)?))).collect()
    }

    #[test]
    fn a_ticket_is_due_without_an_entry_and_with_a_retired_token() {
        let tickets = [(1, 11), (2, 20), (3, 31), (4, 41), (5, 50), (7, 70), (8, 80)];
        let expected = [
            (2, Reason::OldToken),
            (4, Reason::OldToken),
            (5, Reason::NotRotated),
            (7, Reason::OldToken),
            (8, Reason::NotRotated),
        ];
        assert_eq!(due(&tickets), expected);
    }

    #[test]
    fn it_is_looked_up_in_any_order() {
        assert_eq!(
            due(&[(4, 1), (1, 1), (4, 40), (3, 1), (2, 20)]),
            [(4, Reason::OldToken), (2, Reason::OldToken)]
        );
    }

    #[test]
    fn far_entries_are_found() {
        let batches = (0..1000).map(|key| (key, Some(key))).collect();
        let mut view = View { batches, ..View::default() };
        let found = [3, 900, 999, 1000, 0].map(|key| view.look_up(key, -1));
        assert_eq!(found, [None, None, None, Some(Reason::NotRotated), None]);
    }
}
