//! The tickets of an interval, looked up here: the function that does it within a scan is in this process alone.

use pgrx::Spi;

use crate::accounting::{Due, Reason};
use crate::context::Context;
use crate::error::TicketError;
use crate::interval::{Interval, Tickets};

/// Tickets that are fetched at once.
const PAGE: i64 = 20_000;

/// The first ones that are due, by key.
pub fn due(
    context: &Context,
    mut rest: Interval,
    most: i64,
    mut look_up: impl FnMut(i64, Option<i64>) -> Option<Reason>,
) -> Result<Vec<Due>, TicketError> {
    let mut due = Vec::new();
    loop {
        let (mut tickets, last_id) = Spi::connect_mut(|client| {
            let found = rest.first(client, context, PAGE)?;
            let last_id = if found.tickets < PAGE { None } else { found.last_id };
            let page = Interval { last_id: last_id.unwrap_or(rest.last_id), ..rest };
            Ok::<_, TicketError>((Tickets::In(page).stored(client, context)?, page.last_id))
        })?;
        tickets.sort_unstable_by_key(|ticket| ticket.key.id());
        due.extend(tickets.into_iter().filter_map(|ticket| {
            let reason = look_up(ticket.key.id(), Some(ticket.digest))?;
            Some(Due { ticket, reason })
        }));
        if last_id == rest.last_id || due.len() as i64 >= most {
            due.truncate(most as usize);
            return Ok(due);
        }
        rest.first_id = last_id + 1;
    }
}
