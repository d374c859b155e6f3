//! What goes past the ledgers of shards is refused.

use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::privileges::in_own_path;
use crate::statement;
use crate::target::Target;

/// Whether it is one of a table that Citus has distributed.
pub fn is_shard(client: &SpiClient, target: &Target) -> Result<bool, TicketError> {
    let sql = "SELECT to_regclass('pg_catalog.pg_dist_shard') IS NOT NULL";
    if in_own_path(|| statement::read(client, sql, &[]))?.first().get_one()? != Some(true) {
        return Ok(false);
    }
    let sql = include_str!("queries/is_shard.sql");
    let row = in_own_path(|| statement::read(client, sql, &[target.oid.into()]))?.first();
    // One that Citus hides from this query is one.
    Ok(row.is_empty() || row.get_one()? == Some(true))
}

/// A run of the whole table beside one of its shards would rotate their tickets twice. Asked once this run has its row:
/// who plans the other one locks the table of the runs before.
pub fn refuse_beside(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    let args = [context.target.oid.into(), context.target.column.as_str().into()];
    let row = context.session.write(client, include_str!("queries/planned.sql"), &args)?.first();
    match row.get_one()? {
        Some(true) => Err(TicketError::RunsPerShard { table: context.target.name.clone() }),
        _ => Ok(()),
    }
}
