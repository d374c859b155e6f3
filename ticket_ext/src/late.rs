//! Tickets without an entry that came after the run's sweep had begun: they are none that it has left out.

use pgrx::Spi;

use crate::context::Context;
use crate::error::TicketError;
use crate::run::Run;
use crate::ticket::Ticket;

/// Those of the tickets that are not known to have been there when the sweep began.
pub fn late(
    context: &Context,
    run: &Run,
    here: bool,
    tickets: &[Ticket],
) -> Result<Vec<Ticket>, TicketError> {
    let Some(horizon) = run.sweep_horizon.filter(|_| here && !tickets.is_empty()) else {
        return Ok(tickets.to_vec());
    };
    Spi::connect_mut(|client| {
        let kind = context.table.columns.key.kind;
        let [keys, digests] = Ticket::args(kind, tickets);
        let args = [keys, digests, horizon.into(), context.target.oid.into()];
        Ticket::read(kind, context.read(client, include_str!("queries/late_tickets.sql"), &args)?)
    })
}
