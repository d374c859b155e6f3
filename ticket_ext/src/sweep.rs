//! The sweep at the end of a run: tickets that no batch has rotated, and those whose old token is back.
//!
//! A batch cannot see a ticket that an open transaction has inserted, and an application may write back an old token
//! that it had loaded before. So once all ranges are rotated and no transaction older than the run writes to the
//! target any more, each range is looked through once, ticket by ticket. What is due is rotated in batches like any
//! other, with entries and a ledger row of their own.

use pgrx::spi::SpiClient;

use crate::accounting::{Accounting, Due};
use crate::batch::record;
use crate::context::Context;
use crate::error::TicketError;
use crate::interval::{Interval, Ticket, Tickets};
use crate::older_writers;
use crate::range::{Phase, Range};
use crate::run::Run;

/// Tickets that a call looks at before it returns, for what it found out to be committed: it takes them about as long
/// as a batch.
const LOOKED_AT: usize = 100_000;

/// Returns the id up to which it has swept; None when no range is left.
pub fn sweep(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    batch: i64,
) -> Result<Option<i64>, TicketError> {
    older_writers::wait(client, context, run)?;
    if run.sweep_horizon.is_none() {
        let sql = include_str!("queries/begin_sweep.sql");
        context.session.change_run(client, format!("run {}", run.id), sql, &[run.id.into()])?;
    }
    let phase = Phase::Sweep(run.sweep);
    let mut looked_at = 0;
    while let Some(range) = Range::claim(client, context, run, phase, i64::MIN)? {
        let rest = range.rest();
        let mut accounting = Accounting::of(rest);
        while let Some(step) = accounting.step(context, run)? {
            looked_at += step.entries;
            let swept = Interval { last_id: step.interval.last_id, ..rest };
            if !step.due.is_empty() {
                return rotate(client, context, run, &range, swept, step.due, batch).map(Some);
            }
            if looked_at >= LOOKED_AT && swept.last_id < rest.last_id {
                record(client, context, &range, run.sweep, &swept, &[])?;
                return Ok(Some(swept.last_id));
            }
        }
        range.finish(client, context, phase)?;
        if looked_at >= LOOKED_AT {
            return Ok(Some(rest.last_id));
        }
    }
    Ok(None)
}

/// At most a batch of what is due, as far as it still is. The next call looks from there on.
fn rotate(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    range: &Range,
    swept: Interval,
    due: Vec<Due>,
    batch: i64,
) -> Result<i64, TicketError> {
    let mut tickets: Vec<Ticket> = due.into_iter().map(|due| due.ticket).collect();
    let mut swept = swept;
    let share = share_of(&tickets, batch);
    if let Some(next) = tickets.get(share) {
        swept.last_id = next.key.id() - 1;
        tickets.truncate(share);
    }
    let entries = Tickets::Holding(tickets).rotate(client, context)?;
    record(client, context, range, run.sweep, &swept, &entries)?;
    Ok(swept.last_id)
}

/// How many tickets a batch takes: all that have the last one's id.
fn share_of(tickets: &[Ticket], batch: i64) -> usize {
    match tickets.get(batch as usize - 1) {
        None => tickets.len(),
        Some(last) => tickets.partition_point(|ticket| ticket.key.id() <= last.key.id()),
    }
}
