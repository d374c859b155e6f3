//! Tickets without an entry that came after the run's sweep had begun: they are none that it has left out.

use std::collections::HashMap;
use std::hash::Hash;

use pgrx::Spi;

use crate::context::Context;
use crate::error::TicketError;
use crate::run::Run;
use crate::ticket::Ticket;

/// Those of the tickets that are not known to have been there when the sweep began. One that has gone since it was
/// found, or has another token, is not known either: it is no ticket that was left out.
pub fn late(
    context: &Context,
    run: &Run,
    here: bool,
    tickets: &[Ticket],
) -> Result<Vec<Ticket>, TicketError> {
    // Each node of Citus has transaction ids of its own.
    let is_known = context.table.columns.citus.is_none();
    let Some(horizon) = run.sweep_horizon.filter(|_| here && is_known && !tickets.is_empty()) else {
        return Ok(tickets.to_vec());
    };
    let early = Spi::connect_mut(|client| {
        let kind = context.table.columns.key.kind;
        let [keys, digests] = Ticket::args(kind, tickets);
        let args = [keys, digests, horizon.into(), context.target.oid.into()];
        Ticket::read(kind, context.read(client, include_str!("queries/early_tickets.sql"), &args)?)
    })?;
    let mut left = count(&early);
    Ok(tickets.iter().filter(|ticket| !take_one(&mut left, ticket.identity())).copied().collect())
}

/// How many have each identity: more than one where ids repeat and tokens are missing.
pub fn count(tickets: &[Ticket]) -> HashMap<(i64, i64), usize> {
    let mut count = HashMap::new();
    tickets.iter().for_each(|ticket| *count.entry(ticket.identity()).or_default() += 1);
    count
}

pub fn take_one<K: Eq + Hash>(left: &mut HashMap<K, usize>, key: K) -> bool {
    let some = left.get_mut(&key).filter(|left| **left > 0);
    some.map(|left| *left -= 1).is_some()
}
