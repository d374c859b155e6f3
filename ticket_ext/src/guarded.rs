//! Rotation that keeps a digest of each new token: where row triggers may suppress the update or change the
//! token, and while transactions older than the run are in progress.

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::interval::{Interval, Written};
use crate::job::Job;
use crate::statement;

/// Compares the digests with what is stored once all triggers have run.
pub fn write(client: &mut SpiClient, job: &Job, interval: &Interval) -> Result<Written, TicketError> {
    let sql = job.sql(include_str!("queries/rotate_guarded.sql"));
    let args = [interval.after_id.into(), interval.last_id.into()];
    let row = statement::write(client, &sql, &args)?.first();
    let (tickets, ids, digests) = row.get_three::<i64, Vec<i64>, Vec<i64>>()?;
    let (written, kept) = (ids.clone().unwrap_or_default(), digests.clone().unwrap_or_default());
    let missed = check(client, job, interval, written, kept)?;
    Ok(Written { tickets: tickets.unwrap_or(0), missed, ids, digests })
}

/// Returns the tickets that were not written; an error if one was, and has another token all the same.
fn check(
    client: &mut SpiClient,
    job: &Job,
    interval: &Interval,
    ids: Vec<i64>,
    digests: Vec<i64>,
) -> Result<Vec<i64>, TicketError> {
    let sql = job.sql(include_str!("queries/unaccounted.sql"));
    let args = [interval.after_id.into(), interval.last_id.into(), ids.into(), digests.into()];
    let (mut missed, mut changed) = (Vec::new(), Vec::new());
    for row in statement::write(client, &sql, &args)? {
        let id = row.get::<i64>(1)?;
        if row.get(2)? == Some(true) { missed.extend(id) } else { changed.extend(id) }
    }
    if changed.is_empty() { Ok(missed) } else { Err(job.not_rotated(&changed)) }
}
