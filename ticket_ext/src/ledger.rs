//! The ledger: a row for each batch, which commits with it.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::entries::Entry;
use crate::error::TicketError;
use crate::interval::Interval;
use crate::range::Range;
use crate::run;

/// A run that has ended or was paused since the batch began gets no ledger row: its batch is rolled back.
pub fn record(
    client: &mut SpiClient,
    context: &Context,
    range: &Range,
    sweep: i32,
    interval: &Interval,
    entries: &[Entry],
) -> Result<(), TicketError> {
    let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
    let digests: Vec<Option<i64>> = entries.iter().map(|entry| entry.retired).collect();
    let repeats = context.table.columns.key.repeats;
    let new_digests: Option<Vec<i64>> =
        repeats.then(|| entries.iter().map(|entry| entry.fresh.digest()).collect());
    let tickets = entries.len() as i64;
    let claimed_at: TimestampWithTimeZone = range.claimed_at;
    let args = [
        range.run_id.into(),
        sweep.into(),
        interval.first_id.into(),
        interval.last_id.into(),
        tickets.into(),
        (range.tickets + tickets).into(),
        ids.into(),
        digests.into(),
        new_digests.into(),
        claimed_at.into(),
    ];
    let recorded = context.session.write(client, include_str!("queries/record_batch.sql"), &args)?;
    if recorded.is_empty() {
        return Err(run::no_longer_active(client, context, range.run_id)?);
    }
    Ok(())
}
