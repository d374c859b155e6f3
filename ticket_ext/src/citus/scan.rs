//! The tickets of an interval, looked up here: the function that does it within a scan is in this process alone.

use pgrx::Spi;

use super::look::{Those, next, stored};
use crate::context::Context;
use crate::error::TicketError;
use crate::ticket::Ticket;

/// Tickets that are fetched at once.
const PAGE: i64 = 20_000;

/// The first ones that are due, by key, and why.
pub fn due<T>(
    context: &Context,
    [mut first_id, last_id]: [i64; 2],
    most: i64,
    mut look_up: impl FnMut(i64, Option<i64>) -> Option<T>,
) -> Result<Vec<(Ticket, T)>, TicketError> {
    let mut due = Vec::new();
    loop {
        let (mut tickets, page_ends) = Spi::connect_mut(|client| {
            let (found, tickets) = next(client, context, [first_id, last_id], PAGE)?;
            let page_ends = found.filter(|_| tickets >= PAGE).unwrap_or(last_id);
            Ok::<_, TicketError>((stored(client, context, &Those::In(first_id, page_ends))?, page_ends))
        })?;
        tickets.sort_unstable_by_key(|ticket| ticket.key.id());
        let reason = |ticket: Ticket| Some((ticket, look_up(ticket.key.id(), Some(ticket.digest))?));
        due.extend(tickets.into_iter().filter_map(reason));
        if page_ends == last_id || due.len() as i64 >= most {
            due.truncate(most as usize);
            return Ok(due);
        }
        first_id = page_ends + 1;
    }
}
