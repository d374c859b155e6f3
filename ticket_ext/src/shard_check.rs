//! What would go past the ledgers of shards is refused.

use std::cell::Cell;

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::session::Session;
use crate::statement;
use crate::target::Target;

thread_local! {
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a shard may be the target of a batch.
pub struct AtWork;

impl AtWork {
    pub fn begin() -> Self {
        AT_WORK.set(true);
        Self
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.set(false);
    }
}

/// Whether the batch is one of a shard, and kept in its ledger.
pub fn is_at_work() -> bool {
    AT_WORK.get()
}

/// Whether it is one of a table that Citus has distributed, where there is a Citus. Asked in the extension's own path.
pub fn is_shard(client: &SpiClient, target: &Target) -> Result<bool, TicketError> {
    let sql = include_str!("shards/queries/is_shard.sql");
    let row = statement::read(client, sql, &[target.oid.into()])?.first();
    // One that Citus hides from this query is one.
    Ok(row.is_empty() || row.get_one()? == Some(true))
}

/// A run of the whole table beside one of its shards would rotate their tickets twice. Asked once this run has its row:
/// who plans the other one locks the table of the runs before.
pub fn refuse_beside(client: &mut SpiClient, session: &Session, target: &Target) -> Result<(), TicketError> {
    let args = [target.oid.into(), target.column.as_str().into()];
    let row = session.write(client, include_str!("shards/queries/planned.sql"), &args)?.first();
    match row.get_one()? {
        Some(true) => Err(TicketError::RunsPerShard { table: target.name.clone() }),
        _ => Ok(()),
    }
}
