//! The sweep at the end of a run: tickets that no batch has rotated, and those whose old token is back.
//!
//! A batch cannot see a ticket that an open transaction has inserted, and an application may write back an old token
//! that it had loaded before. So once all ranges are rotated and no transaction older than the run writes to the
//! target any more, each range is looked through once, ticket by ticket. What is due is rotated in batches like any
//! other, with entries and a ledger row of their own.
//!
//! A run that has finished can be swept again, for old tokens that came back since. The tickets that came since are not
//! due then: nobody has seen their tokens, and a second one would break what was mailed.

use std::collections::HashSet;

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::accounting::{Accounting, Due, Reason};
use crate::check_cache::tell_of_change;
use crate::context::Context;
use crate::error::TicketError;
use crate::held::change_run;
use crate::interval::{Interval, Tickets};
use crate::late::late;
use crate::ledger::record;
use crate::older_writers::{self, is_of_this_cluster};
use crate::range::{Phase, Range};
use crate::run::Run;
use crate::shard_check::refuse_beside;
use crate::target::TargetArgs;
use crate::ticket::Ticket;

/// Tickets that a call looks at before it returns, for what it found out to be committed: some 60 ms, about as long
/// as a batch.
const LOOKED_AT: usize = 250_000;
/// In the call that begins the sweep: until it is committed, whoever else is to sweep waits for the run's row.
const LOOKED_AT_FIRST: usize = 10_000;

/// Returns the id up to which it has swept; None when no range is left.
pub fn sweep(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    batch: i64,
) -> Result<Option<i64>, TicketError> {
    older_writers::wait(client, context, run)?;
    let mut enough = LOOKED_AT;
    if run.sweep_horizon.is_none() {
        let sql = include_str!("queries/begin_sweep.sql");
        let begun = change_run(client, &context.session, format!("run {}", run.id), sql, &[run.id.into()])?;
        if begun.is_empty() {
            // Another session has begun it. The run's row, which was waited for, stays locked: whoever ends the run may
            // hold a range that this call is to wait for.
            return Ok(Some(run.upper_id));
        }
        enough = LOOKED_AT_FIRST;
    }
    let phase = Phase::Sweep(run.sweep);
    let mut looked_at = 0;
    let mut claimed = Range::claim(client, context, run, phase, i64::MIN)?;
    while let Some(range) = claimed {
        let rest = range.rest();
        let mut accounting = Accounting::of(rest);
        while let Some(step) = accounting.step(context, run)? {
            looked_at += step.entries;
            let swept = Interval { last_id: step.interval.last_id, ..rest };
            let due = due(client, context, run, step.due)?;
            if !due.is_empty() {
                return rotate(client, context, run, &range, swept, due, batch).map(Some);
            }
            if looked_at >= enough && swept.last_id < rest.last_id {
                record(client, context, &range, run.sweep, &swept, &[])?;
                return Ok(Some(swept.last_id));
            }
        }
        range.finish(client, context, phase)?;
        if looked_at >= enough {
            return Ok(Some(rest.last_id));
        }
        claimed = Range::claim_free(client, context, run, phase, i64::MIN)?;
        if claimed.is_none() && Range::any_left(client, context, run, phase)? {
            return Ok(Some(rest.last_id));
        }
    }
    Ok(None)
}

/// What is to be rotated of it.
fn due(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    mut due: Vec<Due>,
) -> Result<Vec<Due>, TicketError> {
    if run.has_been_swept() {
        let here = is_of_this_cluster(client, context, run)?;
        let without_entry = due.iter().filter(|due| due.reason == Reason::NotRotated).map(|due| due.ticket);
        let late = late(context, run, here, &without_entry.collect::<Vec<_>>())?;
        let late: HashSet<(i64, i64)> = late.iter().map(Ticket::identity).collect();
        due.retain(|due| !late.contains(&due.ticket.identity()));
    }
    Ok(due)
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
    let about = tickets.len() as i64;
    let entries = Tickets::Holding(tickets).rotate(client, context, &run.making, about)?;
    record(client, context, range, run.sweep, &swept, &entries)?;
    if swept.last_id == range.rest().last_id {
        range.finish(client, context, Phase::Sweep(run.sweep))?;
    }
    Ok(swept.last_id)
}

/// How many tickets a batch takes: all that have the last one's id.
fn share_of(tickets: &[Ticket], batch: i64) -> usize {
    match tickets.get(batch as usize - 1) {
        None => tickets.len(),
        Some(last) => tickets.partition_point(|ticket| ticket.key.id() <= last.key.id()),
    }
}

/// Opens the newest run, which has finished, for another sweep. One that was cancelled while it was swept goes on with
/// that sweep. Returns the id of the run.
pub fn reopen(args: &TargetArgs) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let context = Context::for_rotation(client, args)?;
        let run = Run::matching(client, &context)?;
        if run.is_unfinished() {
            return Err(run.unfinished(&context));
        }
        let (what, sql) = (format!("run {}", run.id), include_str!("queries/reopen_run.sql"));
        let row = change_run(client, &context.session, what, sql, &[run.id.into()])?.first();
        if row.get_by_name("forgotten")? == Some(true) {
            return Err(run.forgotten(&context));
        }
        if row.get_by_name("reopened")? != Some(true) {
            return Err(run.wrong_state(&context));
        }
        refuse_beside(client, &context.session, &context.target)?;
        // For the guard, which asks all sweeps of a run.
        tell_of_change(context.target.oid);
        Ok(run.id)
    })
}
