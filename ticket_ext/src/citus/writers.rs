//! Transactions on the nodes that write to shards: what they have in flight no batch can see.
//!
//! Transaction ids are each node's own. A transaction is older than a run by how long it lasts, by its node's own
//! clock. One that is prepared is waited for in any case: also a batch's own, whose COMMIT PREPARED is on its way,
//! or in doubt since a node was away.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::encoding::shown;
use crate::error::TicketError;
use crate::lock_wait::{Holders, LONGEST_WAIT};

const EVERY: &str = "SELECT pg_sleep(0.1)";
/// As for writers of a table that is here.
const LONGEST_WAIT_FOR_OLDER: Duration = Duration::from_secs(10);
/// Longer than any transaction lasts, in seconds.
const FOREVER: f64 = 1e9;

pub struct Writer {
    /// Its node, and its transaction id there.
    place: String,
    described: String,
    remedy: String,
}

/// Those that began longer ago than so many seconds, and those that are prepared.
pub fn in_progress(
    client: &mut SpiClient,
    context: &Context,
    longer_than: Option<f64>,
) -> Result<Vec<Writer>, TicketError> {
    // SAFETY: set once at the start of the process.
    let process = unsafe { pg_sys::MyProcPid };
    let args = [context.target.oid.into(), longer_than.into(), process.into()];
    let mut writers = Vec::new();
    for row in context.session.write(client, include_str!("queries/writers.sql"), &args)? {
        if let Some(fault) = row.get_by_name("fault")? {
            return Err(TicketError::NodeAway { node: row.get_by_name("node")?.unwrap_or_default(), fault });
        }
        writers.push(Writer {
            place: row.get_by_name("place")?.unwrap_or_default(),
            described: row.get_by_name("described")?.unwrap_or_default(),
            remedy: row.get_by_name("remedy")?.unwrap_or_default(),
        });
    }
    Ok(writers)
}

/// Until the writers older than the run have ended.
pub fn wait(client: &mut SpiClient, context: &Context, run: i64) -> Result<(), TicketError> {
    let mut announced = false;
    let row = context.session.read(client, include_str!("queries/age.sql"), &[run.into()])?.first();
    let first = in_progress(client, context, row.get_one()?)?;
    let left = end_of(client, context, first, LONGEST_WAIT_FOR_OLDER, |writers| {
        if !announced {
            notice!("run {run} waits for transactions older than it: {}", shown(&writers.described));
            announced = true;
        }
    })?;
    match left {
        None => Ok(()),
        Some(writers) => Err(TicketError::OlderWriters { run, table: context.target.name.clone(), writers }),
    }
}

/// Until what is prepared has ended: its tickets look as before on their nodes, while the ledger has it already.
pub fn settle(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    let first = in_progress(client, context, Some(FOREVER))?;
    match end_of(client, context, first, LONGEST_WAIT, |_| ())? {
        None => Ok(()),
        Some(holders) => Err(TicketError::Held { what: format!("table {}", context.target.name), holders }),
    }
}

/// None: all have ended. Those that came later are not waited for.
fn end_of(
    client: &mut SpiClient,
    context: &Context,
    mut writers: Vec<Writer>,
    longest: Duration,
    mut announce: impl FnMut(&Holders),
) -> Result<Option<Holders>, TicketError> {
    let started = Instant::now();
    loop {
        let Some(oldest) = writers.first() else { return Ok(None) };
        let described: Vec<&str> = writers.iter().take(3).map(|writer| writer.described.as_str()).collect();
        let holders = Holders { described: described.join(", "), end: Some(oldest.remedy.clone()) };
        if started.elapsed() > longest {
            return Ok(Some(holders));
        }
        announce(&holders);
        context.session.write(client, EVERY, &[])?;
        let now = in_progress(client, context, None)?;
        let now: HashSet<String> = now.into_iter().map(|writer| writer.place).collect();
        writers.retain(|writer| now.contains(&writer.place));
    }
}
