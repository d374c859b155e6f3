//! The tickets of an interval beside the entries that the ledger has of them, in key order (keyset pagination).
//!
//! A ticket is due when it has no entry, or when its live token is one that was retired. It needs no transaction ids:
//! it says the same after any number of them, a rewrite of the table or a restore.

use std::collections::HashMap;

use pgrx::Spi;

use crate::context::Context;
use crate::error::TicketError;
use crate::interval::Interval;
use crate::run::Run;
use crate::statement;

/// Tickets that are looked at in one statement: they take two megabytes, and a statement per ledger row of small
/// batches is spared.
pub const STEP: i64 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    NotRotated,
    OldToken,
}

/// Walks through an interval; where it stands, all before has been looked at.
pub struct Accounting {
    next: Option<i64>,
    last_id: i64,
}

/// What one step has found.
pub struct Step {
    pub interval: Interval,
    /// How many it has looked at.
    pub tickets: usize,
    pub due: Vec<(i64, Due)>,
}

type Entries = Vec<(i64, Option<i64>)>;

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
        let (entries, last_id) = entries(context, run, rest)?;
        let (tickets, last_id) = tickets(context, Interval { first_id, last_id })?;
        let interval = Interval { first_id, last_id };
        let swept = if run.has_swept { swept(context, run, interval)? } else { HashMap::new() };
        self.next = if last_id < self.last_id { Some(last_id + 1) } else { None };
        Ok(Some(Step { interval, tickets: tickets.len(), due: due(&tickets, &entries, &swept) }))
    }
}

/// Entries of the next batches, by key, and the key that they reach up to.
fn entries(context: &Context, run: &Run, rest: Interval) -> Result<(Entries, i64), TicketError> {
    Spi::connect(|client| {
        let args = [run.id.into(), rest.first_id.into(), rest.last_id.into(), STEP.into()];
        let mut entries = Vec::new();
        let mut last_id = None;
        for row in context.session.read(client, include_str!("queries/entries.sql"), &args)? {
            let keys: Vec<i64> = row.get(2)?.unwrap_or_default();
            let digests: Vec<Option<i64>> = row.get(3)?.unwrap_or_default();
            entries.extend(keys.into_iter().zip(digests));
            last_id = row.get(1)?;
        }
        Ok((entries, last_id.map_or(rest.last_id, |last_id: i64| last_id.min(rest.last_id))))
    })
}

/// Keys and digests of live tokens, by key, and the key that they reach up to.
fn tickets(context: &Context, interval: Interval) -> Result<(Vec<(i64, i64)>, i64), TicketError> {
    Spi::connect_mut(|client| {
        let args = [interval.first_id.into(), interval.last_id.into(), STEP.into()];
        let rows = context.read(client, include_str!("queries/live_digests.sql"), &args)?;
        let tickets = statement::pairs(rows)?;
        let is_full = tickets.len() as i64 >= STEP;
        let reached = tickets.last().filter(|_| is_full).map_or(interval.last_id, |&(key, _)| key);
        Ok((tickets, reached))
    })
}

/// Entries of sweeps: few, and in no order.
fn swept(
    context: &Context,
    run: &Run,
    interval: Interval,
) -> Result<HashMap<i64, Vec<Option<i64>>>, TicketError> {
    Spi::connect(|client| {
        let args = [run.id.into(), interval.first_id.into(), interval.last_id.into()];
        let mut swept: HashMap<i64, Vec<Option<i64>>> = HashMap::new();
        for row in context.session.read(client, include_str!("queries/swept_entries.sql"), &args)? {
            swept.entry(row.get(1)?.unwrap_or_default()).or_default().push(row.get(2)?);
        }
        Ok(swept)
    })
}

fn due(
    tickets: &[(i64, i64)],
    entries: &[(i64, Option<i64>)],
    swept: &HashMap<i64, Vec<Option<i64>>>,
) -> Vec<(i64, Due)> {
    let mut due = Vec::new();
    let mut rest = entries;
    for &(key, live) in tickets {
        let lower = rest.iter().take_while(|(of, _)| *of < key).count();
        rest = &rest[lower..];
        let own = rest.iter().take_while(|(of, _)| *of == key).map(|(_, retired)| *retired);
        let mut retired = own.chain(swept.get(&key).into_iter().flatten().copied()).peekable();
        if retired.peek().is_none() {
            due.push((key, Due::NotRotated));
        } else if retired.any(|retired| retired == Some(live)) {
            due.push((key, Due::OldToken));
        }
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_due_without_an_entry_and_with_a_retired_token() {
        let tickets = [(1, 11), (2, 20), (3, 31), (5, 50), (7, 70)];
        let entries = [(1, Some(10)), (2, Some(20)), (3, None), (4, Some(40))];
        let swept = HashMap::from([(7, vec![Some(71), Some(70)])]);
        let expected = [(2, Due::OldToken), (5, Due::NotRotated), (7, Due::OldToken)];
        assert_eq!(due(&tickets, &entries, &swept), expected);
    }
}
