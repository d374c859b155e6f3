//! The tickets of an interval beside the entries that the ledger has of them, step by step (keyset pagination).
//!
//! A ticket is due when it has no entry, or when its live token is one that was retired. It needs no transaction ids:
//! it says the same after any number of them, a rewrite of the table or a restore. Where tickets have an id in common,
//! `shared_id.rs` tells which of them have the entries.
//!
//! A step puts the entries of some batches into view and scans their interval of the table, with a function that looks
//! each ticket up there as it comes by: only what is due leaves the scan.

use std::cell::RefCell;
use std::collections::HashMap;

use pgrx::Spi;

use crate::citus;
use crate::context::Context;
use crate::error::TicketError;
use crate::interval::{Interval, Tickets};
use crate::run::Run;
use crate::shared_id::{self, Kept, Unknown};
use crate::ticket::Ticket;

/// Entries in view, and due tickets that a step returns at most: some hundred kilobytes, and one scan for many ledger
/// rows where batches are small.
const STEP: i64 = 20_000;

/// Numbered as the function in the scan returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotRotated = 1,
    OldToken = 2,
    /// Its id has entries, and none of them made its live token.
    Unclear = 3,
}

#[derive(Clone, Copy)]
pub struct Due {
    pub ticket: Ticket,
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
    /// By id.
    pub due: Vec<Due>,
    /// By id: entries that some of the tickets without one have in truth, no telling which.
    pub left_over: HashMap<i64, usize>,
}

impl Reason {
    fn of(number: Option<i32>) -> Self {
        match number {
            Some(2) => Self::OldToken,
            Some(3) => Self::Unclear,
            _ => Self::NotRotated,
        }
    }
}

impl Step {
    fn up_to(self, last_id: i64) -> Self {
        Self { interval: Interval { last_id, ..self.interval }, ..self }
    }

    /// With a second look at ids whose tickets the scan could not tell apart.
    fn settle(mut self, context: &Context, mut view: View, found: Vec<Due>) -> Result<Self, TicketError> {
        let (unclear, due): (Vec<Due>, Vec<Due>) =
            found.into_iter().partition(|due| due.reason == Reason::Unclear);
        self.due = due;
        let mut ids: Vec<i64> = unclear.iter().map(|due| due.ticket.key.id()).collect();
        ids.dedup();
        for id in ids {
            let only = Tickets::In(Interval { first_id: id, last_id: id });
            let live = Spi::connect_mut(|client| only.stored(client, context))?;
            view.move_to(id);
            let entries: Vec<Kept> = view.entries(id).collect();
            if let Some(Unknown { tickets, left_over }) = shared_id::unknown(&live, &entries) {
                self.due.extend(tickets.into_iter().map(|ticket| Due { ticket, reason: Reason::NotRotated }));
                self.left_over.insert(id, left_over);
            }
        }
        self.due.sort_by_key(|due| due.ticket.key.id());
        Ok(self)
    }
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
        let step = view.due(context, Interval { first_id, last_id })?;
        let last_id = step.interval.last_id;
        self.next = if last_id < self.last_id { Some(last_id + 1) } else { None };
        Ok(Some(step))
    }
}

#[derive(Default)]
struct View {
    /// Ids and retired tokens of batches' entries, by id.
    batches: Vec<(i64, Option<i64>)>,
    /// The tokens that they made, as far as the ledger has them: none where no ids repeat.
    made: Vec<Option<i64>>,
    /// Entries of sweeps: few, and in no order.
    sweeps: HashMap<i64, Vec<Kept>>,
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
pub fn look_up(id: i64, live: Option<i64>) -> Result<Option<Reason>, TicketError> {
    IN_VIEW.with_borrow_mut(|view| Ok(view.as_mut().ok_or(TicketError::OutsideBatch)?.look_up(id, live)))
}

impl View {
    /// Of the next batches, and the id that they reach up to.
    fn load(context: &Context, run: &Run, rest: Interval) -> Result<(Self, i64), TicketError> {
        let mut view = Self::default();
        let last_id = Spi::connect(|client| {
            let args = [run.id.into(), rest.first_id.into(), rest.last_id.into(), STEP.into()];
            let mut last_id = None;
            for row in context.session.read(client, include_str!("queries/entries.sql"), &args)? {
                let ids: Vec<i64> = row.get(2)?.unwrap_or_default();
                let digests: Vec<Option<i64>> = row.get(3)?.unwrap_or_default();
                view.add(ids, digests, row.get(4)?);
                last_id = row.get(1)?;
            }
            Ok::<i64, TicketError>(last_id.map_or(rest.last_id, |last_id: i64| last_id.min(rest.last_id)))
        })?;
        if run.has_swept {
            view.load_sweeps(context, run, Interval { last_id, ..rest })?;
        }
        Ok((view, last_id))
    }

    fn add(&mut self, ids: Vec<i64>, retired: Vec<Option<i64>>, made: Option<Vec<i64>>) {
        if let Some(made) = made {
            self.made.resize(self.batches.len(), None);
            self.made.extend(made.into_iter().map(Some));
        }
        self.batches.extend(ids.into_iter().zip(retired));
    }

    fn load_sweeps(&mut self, context: &Context, run: &Run, interval: Interval) -> Result<(), TicketError> {
        Spi::connect(|client| {
            let args = [run.id.into(), interval.first_id.into(), interval.last_id.into()];
            for row in context.session.read(client, include_str!("queries/swept_entries.sql"), &args)? {
                let kept = Kept { retired: row.get(2)?, made: row.get(3)? };
                self.sweeps.entry(row.get(1)?.unwrap_or_default()).or_default().push(kept);
            }
            Ok(())
        })
    }

    /// What is due in an interval, or in its first part.
    fn due(self, context: &Context, interval: Interval) -> Result<Step, TicketError> {
        let entries = self.batches.len();
        let (mut found, view) = self.scan(context, interval, STEP)?;
        let step = Step { interval, entries, due: Vec::new(), left_over: HashMap::new() };
        if (found.len() as i64) < STEP {
            return step.settle(context, view, found);
        }
        // Others with the id of the last one may not have come by.
        let last = found.last().map_or(interval.last_id, |due| due.ticket.key.id());
        let complete = found.partition_point(|due| due.ticket.key.id() < last);
        if complete > 0 {
            found.truncate(complete);
            return step.up_to(last - 1).settle(context, view, found);
        }
        let step = step.up_to(last);
        let (found, view) = view.scan(context, step.interval, i64::MAX)?;
        step.settle(context, view, found)
    }

    /// By key.
    fn scan(
        mut self,
        context: &Context,
        interval: Interval,
        most: i64,
    ) -> Result<(Vec<Due>, Self), TicketError> {
        if context.table.columns.citus.is_some() {
            let Interval { first_id, last_id } = interval;
            let due = citus::due(context, [first_id, last_id], most, |id, live| self.look_up(id, live))?;
            return Ok((due.into_iter().map(|(ticket, reason)| Due { ticket, reason }).collect(), self));
        }
        let _looking = Looking;
        IN_VIEW.set(Some(self));
        let due = Spi::connect_mut(|client| {
            let kind = context.table.columns.key.kind;
            let [first, last] = kind.bounds(interval.first_id, interval.last_id);
            let rows =
                context.read(client, include_str!("queries/due_tickets.sql"), &[first, last, most.into()])?;
            let mut due = Vec::new();
            for row in rows {
                let ticket = Ticket { key: kind.read(&row, 1)?, digest: row.get(2)?.unwrap_or_default() };
                due.push(Due { ticket, reason: Reason::of(row.get(3)?) });
            }
            Ok::<_, TicketError>(due)
        })?;
        Ok((due, IN_VIEW.take().ok_or(TicketError::OutsideBatch)?))
    }

    fn look_up(&mut self, id: i64, live: Option<i64>) -> Option<Reason> {
        self.move_to(id);
        let mut entries = self.entries(id).peekable();
        if entries.peek().is_none() {
            return Some(Reason::NotRotated);
        }
        let mut unclear = true;
        for Kept { retired, made } in entries {
            if live.is_some() && retired == live {
                return Some(Reason::OldToken);
            }
            unclear &= made.is_some() && made != live;
        }
        unclear.then_some(Reason::Unclear)
    }

    /// Of an id that was moved to.
    fn entries(&self, id: i64) -> impl Iterator<Item = Kept> {
        let batches = self.batches[self.position..].iter().take_while(move |(of, _)| *of == id).enumerate();
        let batches = batches.map(|(i, (_, retired))| {
            let made = self.made.get(self.position + i).copied().flatten();
            Kept { retired: *retired, made }
        });
        batches.chain(self.sweeps.get(&id).into_iter().flatten().copied())
    }

    /// To the first entry that is not of a lower id: the next one or so where the scan is in key order.
    fn move_to(&mut self, id: i64) {
        const NEAR: usize = 8;
        if self.position > 0 && self.batches[self.position - 1].0 >= id {
            self.position = 0;
        }
        let rest = &self.batches[self.position..];
        let near = rest.iter().take(NEAR).take_while(|(of, _)| *of < id).count();
        self.position += if near < NEAR { near } else { rest.partition_point(|(of, _)| *of < id) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(tickets: &[(i64, i64)]) -> Vec<(i64, Reason)> {
        let batches = vec![(1, Some(10)), (2, Some(20)), (3, None), (4, Some(40)), (4, Some(41))];
        let kept = |retired| Kept { retired: Some(retired), made: None };
        let sweeps = HashMap::from([(7, vec![kept(71), kept(70)])]);
        let mut view = View { batches, sweeps, ..View::default() };
        tickets.iter().filter_map(|&(key, live)| Some((key, view.look_up(key, Some(live))?))).collect()
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
    fn a_ticket_whose_token_no_entry_made_is_unclear_where_ids_repeat() {
        let mut view = View::default();
        view.add(vec![1], vec![Some(10)], None);
        view.add(vec![2, 2], vec![Some(20), Some(21)], Some(vec![25, 26]));
        let found =
            [(1, 15), (2, 20), (2, 25), (2, 26), (2, 27)].map(|(id, live)| view.look_up(id, Some(live)));
        assert_eq!(found, [None, Some(Reason::OldToken), None, None, Some(Reason::Unclear)]);
    }

    #[test]
    fn far_entries_are_found() {
        let batches = (0..1000).map(|key| (key, Some(key))).collect();
        let mut view = View { batches, ..View::default() };
        let found = [3, 900, 999, 1000, 0].map(|key| view.look_up(key, Some(-1)));
        assert_eq!(found, [None, None, None, Some(Reason::NotRotated), None]);
    }
}
