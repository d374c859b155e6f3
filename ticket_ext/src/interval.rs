//! Tickets in an interval of keys, and their rotation.

use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::entries::{Entry, noted_during, reconcile};
use crate::error::TicketError;
use crate::lock_wait::with_limit;
use crate::privileges::TargetUser;
use crate::statement;
use crate::violation::without_row;

/// The tickets with `first_id <= key <= last_id`.
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
    /// Those that still have the tokens they were found with, by key and digest.
    Holding(Vec<(i64, i64)>),
}

impl Interval {
    /// The first tickets in key order, at most `limit`.
    pub fn first(&self, client: &mut SpiClient, context: &Context, limit: i64) -> Result<Found, TicketError> {
        let args = [self.first_id.into(), self.last_id.into(), limit.into()];
        let row = context.read(client, include_str!("queries/interval.sql"), &args)?.first();
        let (last_id, tickets) = row.get_two()?;
        Ok(Found { last_id, tickets: tickets.unwrap_or(0) })
    }
}

impl Tickets {
    /// Gives each ticket a new token and returns the entries, by key; an error if any would keep its old token.
    ///
    /// Where triggers fire, or a row was looked at twice, what is stored tells what was written. A ticket that is not
    /// among it is rotated once more, since another may have its key by now. One that stays as it is was withheld by a
    /// trigger.
    pub fn rotate(&self, client: &mut SpiClient, context: &Context) -> Result<Vec<Entry>, TicketError> {
        let (mut entries, unchanged) = self.write(client, context)?;
        if !unchanged.is_empty() {
            let (again, withheld) = Tickets::Holding(unchanged).write(client, context)?;
            if !withheld.is_empty() {
                return Err(context.not_rotated(&keys(&withheld)));
            }
            entries.extend(again);
        }
        entries.sort_unstable_by_key(|entry| entry.key);
        Ok(entries)
    }

    /// The entries of what was written, and the tickets that were not.
    fn write(&self, client: &mut SpiClient, context: &Context) -> Result<Written, TicketError> {
        self.fire_deferred(client, context)?;
        let those = match self {
            Tickets::In(_) => include_str!("queries/those_in.sql"),
            Tickets::Holding(_) => include_str!("queries/those_holding.sql"),
        };
        let sql = include_str!("queries/rotate.sql").replace("@those@", those.trim_end());
        let update = || Ok(with_limit(|| context.update(client, &sql, &self.args()))?.len());
        let (tickets, noted) = without_row(|| noted_during(update))?;
        if noted.len() == tickets && !context.table.columns.has_triggers {
            return Ok((noted, Vec::new()));
        }
        self.fire_deferred(client, context)?;
        let mut reconciled = reconcile(&noted, &self.stored(client, context)?);
        if let Tickets::Holding(found) = self {
            reconciled.unchanged.retain(|ticket| found.contains(ticket));
        }
        Ok((reconciled.written, reconciled.unchanged))
    }

    /// What is deferred to the COMMIT would come after the comparison, and as another user.
    fn fire_deferred(&self, client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
        let columns = &context.table.columns;
        let switched = context.table.user != TargetUser::Caller;
        if columns.has_triggers || switched && columns.can_defer {
            without_row(|| with_limit(|| context.update(client, "SET CONSTRAINTS ALL IMMEDIATE", &[])))?;
        }
        Ok(())
    }

    /// Keys of the tickets, and digests of the tokens that they have now.
    fn stored(&self, client: &mut SpiClient, context: &Context) -> Result<Vec<(i64, i64)>, TicketError> {
        let those = match self {
            Tickets::In(_) => include_str!("queries/those_in.sql"),
            Tickets::Holding(_) => "@key@ = ANY ($1)",
        };
        let sql = include_str!("queries/stored.sql").replace("@those@", those.trim_end());
        statement::pairs(context.read(client, &sql, &self.args())?)
    }

    fn args(&self) -> Vec<DatumWithOid<'static>> {
        match self {
            Tickets::In(Interval { first_id, last_id }) => vec![(*first_id).into(), (*last_id).into()],
            Tickets::Holding(tickets) => {
                vec![
                    keys(tickets).into(),
                    tickets.iter().map(|(_, digest)| *digest).collect::<Vec<_>>().into(),
                ]
            }
        }
    }
}

/// Entries, and tickets by key and digest.
type Written = (Vec<Entry>, Vec<(i64, i64)>);

fn keys(tickets: &[(i64, i64)]) -> Vec<i64> {
    tickets.iter().map(|(key, _)| *key).collect()
}
