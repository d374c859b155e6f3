//! One batch: the next tickets of one range, in the caller's transaction.
//!
//! 1. Check session and target, find the active run or start one.
//! 2. Lock a range and read its checkpoint from the ledger.
//! 3. Find the interval that holds the next tickets, give each a new token, account for every one.
//! 4. Write the ledger row. It commits with the batch or not at all.
//!
//! The call that finds no range left finishes the run.

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::finish::finish;
use crate::interval::{Interval, Written};
use crate::job::Job;
use crate::lock_wait::limited;
use crate::range::Range;
use crate::run::Run;
use crate::statement;
use crate::target::Wanted;

pub fn rotate(after_id: Option<i64>, batch: i64, wanted: Wanted) -> Result<Option<i64>, TicketError> {
    Spi::connect_mut(|client| {
        let job = Job::check(client, wanted)?;
        let Some(run) = Run::to_rotate(client, &job)? else { return Ok(None) };
        while let Some(range) = Range::claim(client, &job, run, after_id.unwrap_or(i64::MIN))? {
            if let Some(last_id) = rotate_next(client, &job, &range, batch)? {
                return Ok(Some(last_id));
            }
        }
        finish(client, &job, run)?;
        Ok(None)
    })
}

/// Returns the last id; None when the range held no more tickets.
fn rotate_next(
    client: &mut SpiClient,
    job: &Job,
    range: &Range,
    batch: i64,
) -> Result<Option<i64>, TicketError> {
    let rest = Interval { after_id: range.checkpoint, last_id: range.upper_id };
    let found = rest.first(client, job, batch)?;
    let range_ends = found.tickets < batch || found.last_id == Some(range.upper_id);
    let last_id = if range_ends { range.upper_id } else { found.last_id.unwrap_or(range.upper_id) };
    let interval = Interval { last_id, ..rest };

    let written = match found.tickets {
        0 => Written::nothing(range.older_in_progress),
        tickets => limited(client, |client| interval.rotate(client, job, tickets, range.older_in_progress))?,
    };
    record(client, job, range, &interval, written)?;
    if range_ends {
        range.finish(client, &job.session)?;
    }
    Ok(found.last_id)
}

fn record(
    client: &mut SpiClient,
    job: &Job,
    range: &Range,
    interval: &Interval,
    written: Written,
) -> Result<(), TicketError> {
    let sql = job.sql(include_str!("queries/record_batch.sql"));
    let args = [
        range.run.id.into(),
        interval.after_id.into(),
        interval.last_id.into(),
        written.tickets.into(),
        written.ids.into(),
        written.digests.into(),
        range.claimed_at.into(),
    ];
    statement::write(client, &sql, &args)?;
    Ok(())
}
