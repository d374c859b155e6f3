//! A shard that has come from another node: its run is put into the rotation tables of this one.

use pgrx::spi::SpiClient;

use super::head::Head;
use super::place::Place;
use crate::error::TicketError;

/// Transaction ids of the other node say nothing here, as after a restore: whoever wrote to the shard before its move
/// has been waited for by the move.
pub fn take_over(client: &mut SpiClient, place: &Place, head: &mut Head) -> Result<(), TicketError> {
    let differs = || TicketError::ShardLedgerDiffers { name: place.name.clone() };
    let args = [place.shard.into(), place.table.into()];
    let row = place.write(client, include_str!("queries/take_run.sql"), &args)?.first();
    let run = if row.is_empty() { None } else { row.get_one()? };
    let run: i64 = run.ok_or_else(differs)?;
    for sql in [include_str!("queries/take_ranges.sql"), include_str!("queries/take_batches.sql")] {
        place.write(client, sql, &[place.shard.into(), run.into()])?;
    }
    head.belongs_to(place, run);
    head.keep(client, place)
}
