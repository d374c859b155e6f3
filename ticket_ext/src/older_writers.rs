//! Transactions older than a run that write to its target: what they have in flight no batch can see.

use std::time::{Duration, Instant};

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::citus;
use crate::context::Context;
use crate::encoding::shown;
use crate::error::TicketError;
use crate::held::describe;
use crate::lock_wait::Holders;
use crate::run::Run;

/// Longer than a web request; whoever calls again waits again.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often they are asked for meanwhile (polling): often enough for no one to notice.
const EVERY: &str = "SELECT pg_sleep(0.1)";

/// The first one that is unused. What a snapshot knows of is less: up to the last transaction that has ended, while
/// younger ones are in progress.
pub fn next_transaction_id() -> i64 {
    // SAFETY: reads a counter in shared memory, under its lock.
    unsafe { pg_sys::ReadNextFullTransactionId() }.value as i64
}

/// Those in progress of the transactions below a transaction id.
pub fn find(client: &mut SpiClient, context: &Context, horizon: i64) -> Result<Holders, TicketError> {
    let args = [context.target.oid.into(), horizon.into()];
    describe(&context.session, client, include_str!("queries/older_writers.sql"), &args)
}

/// Whether there are any, on whatever node.
pub fn any(client: &mut SpiClient, context: &Context, horizon: i64) -> Result<bool, TicketError> {
    if context.table.columns.citus.is_some() && !citus::in_progress(client, context, None)?.is_empty() {
        return Ok(true);
    }
    Ok(!find(client, context, horizon)?.described.is_empty())
}

/// A run that was restored into another cluster has none: its transaction ids belong to the one that it came from.
pub fn wait(client: &mut SpiClient, context: &Context, run: &Run) -> Result<(), TicketError> {
    let started = Instant::now();
    let mut announced = false;
    if context.table.columns.citus.is_some() && is_of_this_cluster(client, context, run)? {
        citus::wait(client, context, run.id)?;
    }
    while is_of_this_cluster(client, context, run)? {
        let writers = find(client, context, run.horizon)?;
        if writers.described.is_empty() {
            return Ok(());
        }
        if started.elapsed() > LONGEST_WAIT {
            return Err(TicketError::OlderWriters {
                run: run.id,
                table: context.target.name.clone(),
                writers,
            });
        }
        if !announced {
            notice!("run {} waits for transactions older than it: {}", run.id, shown(&writers.described));
            announced = true;
        }
        context.session.write(client, EVERY, &[])?;
    }
    Ok(())
}

pub fn is_of_this_cluster(client: &mut SpiClient, context: &Context, run: &Run) -> Result<bool, TicketError> {
    let sql = include_str!("queries/is_of_this_cluster.sql");
    Ok(context.session.read(client, sql, &[run.id.into()])?.first().get_one()?.unwrap_or(false))
}
