//! Tickets without an entry that came after the run's sweep had begun: they are none that it has left out.

use pgrx::Spi;

use crate::context::Context;
use crate::error::TicketError;
use crate::run::Run;
use crate::statement::ids_of;

/// Those of the tickets that are not known to have been there when the sweep began.
pub fn late(context: &Context, run: &Run, here: bool, keys: &[i64]) -> Result<Vec<i64>, TicketError> {
    let Some(horizon) = run.sweep_horizon.filter(|_| here && !keys.is_empty()) else {
        return Ok(keys.to_vec());
    };
    Spi::connect_mut(|client| {
        let args = [keys.to_vec().into(), horizon.into(), context.target.oid.into()];
        let rows = context.read(client, include_str!("queries/late_tickets.sql"), &args)?;
        Ok(ids_of(rows)?)
    })
}
