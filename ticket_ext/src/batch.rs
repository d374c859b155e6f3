//! One batch: the next tickets of one range, in the caller's transaction.
//!
//! 1. Lock the target and its partitions, then check session and target; find the active run or start one.
//! 2. Lock a range.
//! 3. Read the run's state and the checkpoint, in one statement.
//! 4. Find the interval that holds the next tickets and give each a new token; the UPDATE notes the entries.
//! 5. Where triggers fire, compare what is stored with the entries.
//! 6. Write the ledger row, unless the run has ended meanwhile. It commits with the batch or not at all.
//!
//! A call that finds no range left to rotate sweeps them (`sweep.rs`); the one that finds none left to sweep finishes
//! the run.

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::Wish;
use crate::interval::{Interval, Tickets};
use crate::ledger::record;
use crate::range::{Phase, Range};
use crate::run::Run;
use crate::sweep::sweep;
use crate::target::TargetArgs;
use crate::{finish, start};

/// Entries of a batch are kept in arrays of the ledger, of at most 1 GB: 16 bytes a ticket leave room for this many
/// and for as many again in memory.
const MOST_TICKETS: i64 = 5_000_000;

pub fn rotate(after_id: Option<i64>, batch: i64, args: &TargetArgs) -> Result<Option<i64>, TicketError> {
    let batch = batch.min(MOST_TICKETS);
    Spi::connect_mut(|client| {
        let context = Context::for_rotation(client, args)?;
        let Some(run) = run_to_rotate(client, &context)? else { return Ok(None) };
        let last_id = rotate_or_sweep(client, &context, &run, after_id, batch)?;
        context.confirm(client)?;
        Ok(last_id)
    })
}

/// The active run, started if the target never had one; None when there is nothing left to rotate.
fn run_to_rotate(client: &mut SpiClient, context: &Context) -> Result<Option<Run>, TicketError> {
    loop {
        match Run::newest(client, context)?.map(Run::checked).transpose()? {
            Some(run) => match run.state.as_str() {
                "active" => return Ok(Some(run)),
                "finished" => return Ok(None),
                _ => return Err(run.wrong_state(context)),
            },
            None => match start::start(client, context, None, &Wish::default()) {
                Err(TicketError::NoTickets { .. }) => return Ok(None),
                Ok(_) | Err(TicketError::Unfinished { .. }) => {}
                Err(error) => return Err(error),
            },
        }
    }
}

fn rotate_or_sweep(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    after_id: Option<i64>,
    batch: i64,
) -> Result<Option<i64>, TicketError> {
    if run.has_ranges_left {
        let last_id = rotate_ranges(client, context, run, after_id, batch)?;
        if last_id.is_some() || Range::any_left(client, context, run, Phase::Rotation)? {
            return Ok(last_id);
        }
        // Others have ended the last ranges meanwhile. Their rows, which the claim has waited for, stay locked: a sweep
        // might wait for a session that waits for one of them.
        return Ok(Some(run.upper_id));
    }
    let last_id = sweep(client, context, run, batch)?;
    if last_id.is_none() {
        finish::finish(client, context, run)?;
    }
    Ok(last_id)
}

fn rotate_ranges(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    after_id: Option<i64>,
    batch: i64,
) -> Result<Option<i64>, TicketError> {
    let from = match after_id {
        None => i64::MIN,
        Some(i64::MAX) => return Ok(None),
        Some(after_id) => after_id + 1,
    };
    let Some(range) = Range::claim(client, context, run, Phase::Rotation, from)? else { return Ok(None) };
    let range = range.split_at(client, context, from)?;
    rotate_next(client, context, run, &range, batch).map(Some)
}

/// Returns the last id; that of the range where it held no more tickets. A call goes no further than one range: with
/// the locks of several it might wait for a call that waits for one of them.
fn rotate_next(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    range: &Range,
    batch: i64,
) -> Result<i64, TicketError> {
    let rest = range.rest();
    let found = rest.first(client, context, batch)?;
    let range_ends = found.tickets < batch || found.last_id == Some(rest.last_id);
    let last_id = if range_ends { rest.last_id } else { found.last_id.unwrap_or(rest.last_id) };
    let interval = Interval { last_id, ..rest };

    let entries = match found.tickets {
        0 => Vec::new(),
        _ => Tickets::In(interval).rotate(client, context, &run.making, found.tickets)?,
    };
    record(client, context, range, 0, &interval, &entries)?;
    if range_ends {
        range.finish(client, context, Phase::Rotation)?;
    }
    Ok(found.last_id.unwrap_or(rest.last_id))
}
