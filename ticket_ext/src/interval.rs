//! Tickets in an interval of ids, and their rotation.

use std::collections::HashSet;

use pgrx::datum::DatumWithOid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::citus;
use crate::context::Context;
use crate::entries::{Entry, noted_during, reconcile};
use crate::error::TicketError;
use crate::format::Making;
use crate::key::{Key, KeyKind};
use crate::lock_wait::with_limit;
use crate::privileges::TargetUser;
use crate::table::Columns;
use crate::ticket::Ticket;
use crate::violation::without_row;

/// The tickets with `first_id <= id <= last_id`.
#[derive(Clone, Copy)]
pub struct Interval {
    pub first_id: i64,
    pub last_id: i64,
}

pub struct Found {
    pub last_id: Option<i64>,
    pub tickets: i64,
}

/// What a statement is to rotate.
pub enum Tickets {
    In(Interval),
    /// Those that still have the tokens they were found with.
    Holding(Vec<Ticket>),
}

impl Interval {
    /// The first tickets in key order, at most `limit`. Others may have the last one's id.
    pub fn first(&self, client: &mut SpiClient, context: &Context, limit: i64) -> Result<Found, TicketError> {
        if context.table.columns.citus.is_some() {
            let (last_id, tickets) = citus::next(client, context, [self.first_id, self.last_id], limit)?;
            return Ok(Found { last_id, tickets });
        }
        let [first, last] = context.table.columns.key.kind.bounds(self.first_id, self.last_id);
        let args = [first, last, limit.into()];
        let row = context.read(client, include_str!("queries/interval.sql"), &args)?.first();
        let (last_id, tickets) = row.get_two()?;
        Ok(Found { last_id, tickets: tickets.unwrap_or(0) })
    }
}

impl Tickets {
    /// Gives each of about so many tickets a new token and returns the entries, by id; an error if any would keep its
    /// old token.
    ///
    /// Where triggers fire, or a row was looked at twice, what is stored tells what was written. A ticket that is not
    /// among it is rotated once more, since another may have its key by now. One that stays as it is was withheld by a
    /// trigger.
    pub fn rotate(
        &self,
        client: &mut SpiClient,
        context: &Context,
        making: &Making,
        about: i64,
    ) -> Result<Vec<Entry>, TicketError> {
        let (mut entries, unchanged) = self.write(client, context, making, about)?;
        if !unchanged.is_empty() {
            let about = unchanged.len() as i64;
            let (again, withheld) = Tickets::Holding(unchanged).write(client, context, making, about)?;
            if !withheld.is_empty() {
                let keys: Vec<Key> = withheld.iter().map(|ticket| ticket.key).collect();
                return Err(context.not_rotated(&keys));
            }
            entries.extend(again);
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        Ok(entries)
    }

    /// The entries of what was written, and the tickets that were not.
    fn write(
        &self,
        client: &mut SpiClient,
        context: &Context,
        making: &Making,
        about: i64,
    ) -> Result<Written, TicketError> {
        if context.table.columns.citus.is_some() {
            return citus::write(client, context, making, &self.those());
        }
        Self::fire_deferred(client, context)?;
        let those = match self {
            Tickets::In(_) => include_str!("queries/those_in.sql"),
            Tickets::Holding(_) => include_str!("queries/those_holding.sql"),
        };
        let Columns { has_triggers, ref key, .. } = context.table.columns;
        let returning = if has_triggers { " RETURNING @key_value@" } else { "" };
        let sql =
            include_str!("queries/rotate.sql").trim_end().replace("@those@", those.trim_end()) + returning;
        let sql = sql.replace("@made@", &making.call(context));
        let source = making.source(client, context, about)?;
        let args = self.args(key.kind);
        let update = || with_limit(|| context.update(client, &sql, &args));
        let (rows, noted) =
            without_row(|| noted_during(source, update)).map_err(|error| making.collision(context, error))?;
        if !has_triggers && noted.len() == rows.len() {
            return Ok((noted, Vec::new()));
        }
        if has_triggers {
            Self::check_keys(context, rows, &noted)?;
        }
        Self::fire_deferred(client, context)?;
        let mut reconciled = reconcile(&noted, &self.stored(client, context)?);
        if let Tickets::Holding(found) = self {
            reconciled.unchanged.retain(|ticket| found.contains(ticket));
        }
        Ok((reconciled.written, reconciled.unchanged))
    }

    /// A ticket that gets another key from a trigger cannot be accounted for.
    fn check_keys(context: &Context, rows: SpiTupleTable, noted: &[Entry]) -> Result<(), TicketError> {
        let ids: HashSet<i64> = noted.iter().map(|entry| entry.id).collect();
        let mut moved = Vec::new();
        for row in rows {
            let key = context.table.columns.key.kind.read(&row, 1)?;
            if !ids.contains(&key.id()) {
                moved.push(key);
            }
        }
        if moved.is_empty() { Ok(()) } else { Err(context.not_rotated(&moved)) }
    }

    /// What is deferred to the COMMIT would come after the comparison, and as another user.
    fn fire_deferred(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
        let columns = &context.table.columns;
        let switched = context.table.user != TargetUser::Caller;
        if columns.has_triggers || switched && columns.can_defer {
            without_row(|| with_limit(|| context.update(client, "SET CONSTRAINTS ALL IMMEDIATE", &[])))?;
        }
        Ok(())
    }

    /// The tickets as they are now; of those that were found, all with their keys.
    pub fn stored(&self, client: &mut SpiClient, context: &Context) -> Result<Vec<Ticket>, TicketError> {
        if context.table.columns.citus.is_some() {
            return citus::stored(client, context, &self.those());
        }
        let those = match self {
            Tickets::In(_) => include_str!("queries/those_in.sql"),
            Tickets::Holding(_) => "@key@ = ANY ($1)",
        };
        let sql = include_str!("queries/stored.sql").replace("@those@", those.trim_end());
        let kind = context.table.columns.key.kind;
        Ticket::read(kind, context.read(client, &sql, &self.args(kind))?)
    }

    fn those(&self) -> citus::Those<'_> {
        match self {
            Tickets::In(interval) => citus::Those::In(interval.first_id, interval.last_id),
            Tickets::Holding(tickets) => citus::Those::Of(tickets),
        }
    }

    fn args(&self, kind: KeyKind) -> Vec<DatumWithOid<'static>> {
        match self {
            Tickets::In(interval) => kind.bounds(interval.first_id, interval.last_id).into(),
            Tickets::Holding(tickets) => Ticket::args(kind, tickets).into(),
        }
    }
}

/// Entries, and tickets that are as they were.
type Written = (Vec<Entry>, Vec<Ticket>);
