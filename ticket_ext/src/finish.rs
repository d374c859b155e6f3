//! The end of a run: tickets that were in flight when their batch ran are found and rotated.
//!
//! A batch cannot see a ticket that an open transaction has inserted. If that transaction is older than the run,
//! the ticket existed when the run started. Batches that ran beside such transactions keep the ids of their tickets.
//! Where none did, every ticket was seen. Else, before a run finishes
//!
//! 1. it waits for the transactions older than itself that write to the target;
//! 2. it looks for tickets of a version older than itself. Each was in flight, or it was rotated and then
//!    rewritten by such a transaction: the digests that batches keep while there are any tell which;
//! 3. it looks for tickets that the batches which ran meanwhile did not see, by the ids that they keep. A younger
//!    transaction may have updated such a ticket, so that its version does not tell.

use std::time::{Duration, Instant};

use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::interval::Interval;
use crate::job::Job;
use crate::lock_wait::limited;
use crate::run::Run;
use crate::start::next_transaction_id;
use crate::statement::{self, ids_of};

/// Longer than a web request; whoever calls again waits again.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Finishes the run if all of its ranges are.
pub fn finish(client: &mut SpiClient, job: &Job, run: Run) -> Result<(), TicketError> {
    let sql = job.sql(include_str!("queries/unfinished_ranges.sql"));
    if statement::write(client, &sql, &[run.id.into()])?.first().get_one()? == Some(true) {
        return Ok(());
    }
    if run.made_here {
        wait_for_older_writers(client, job, run)?;
    }
    let sql = job.sql(include_str!("queries/lock_run.sql"));
    if statement::write(client, &sql, &[run.id.into()])?.is_empty() {
        return Ok(());
    }
    if run.made_here {
        sweep(client, job, run)?;
    } else {
        warning!(
            "run {} was restored from another cluster, whose tickets in flight are unknown here",
            run.id
        );
    }
    statement::write(client, &job.sql(include_str!("queries/finish_run.sql")), &[run.id.into()])?;
    // Batches may be committed asynchronously. This commit flushes the log, and with it every batch before.
    statement::write(client, include_str!("queries/commit_synchronously.sql"), &[])?;
    Ok(())
}

fn wait_for_older_writers(client: &mut SpiClient, job: &Job, run: Run) -> Result<(), TicketError> {
    let started = Instant::now();
    let mut announced = false;
    loop {
        let processes = older_writers(client, job, run)?;
        if processes.is_empty() {
            return Ok(());
        }
        if started.elapsed() > LONGEST_WAIT {
            return Err(TicketError::OlderWriters { run: run.id, table: job.target.name.clone(), processes });
        }
        if !announced {
            notice!("run {} waits for {} transaction(s) older than it", run.id, processes.len());
            announced = true;
        }
        statement::write(client, "SELECT pg_sleep(0.1)", &[])?;
    }
}

fn older_writers(client: &mut SpiClient, job: &Job, run: Run) -> Result<Vec<i32>, TicketError> {
    let sql = include_str!("queries/older_writers.sql");
    let args = [job.target.oid.into(), next_transaction_id().into(), run.horizon.into()];
    Ok(ids_of(statement::write(client, sql, &args)?)?)
}

fn sweep(client: &mut SpiClient, job: &Job, run: Run) -> Result<(), TicketError> {
    let started_at = clock_timestamp(client)?;
    let ids = if ran_beside_older(client, job, run)? { in_flight(client, job, run)? } else { Vec::new() };
    let rotated = limited(client, |client| rotate_each(client, job, &ids))?;
    let sql = job.sql(include_str!("queries/record_sweep.sql"));
    let args = [run.id.into(), i64::MIN.into(), run.upper_id.into(), rotated.into(), started_at.into()];
    statement::write(client, &sql, &args)?;
    Ok(())
}

fn rotate_each(client: &mut SpiClient, job: &Job, ids: &[i64]) -> Result<i64, TicketError> {
    let mut rotated = 0;
    for &id in ids {
        let ticket = Interval { after_id: id - 1, last_id: id };
        rotated += ticket.rotate(client, job, 1, false)?.tickets;
    }
    Ok(rotated)
}

fn ran_beside_older(client: &mut SpiClient, job: &Job, run: Run) -> Result<bool, TicketError> {
    let sql = job.sql(include_str!("queries/ran_beside_older.sql"));
    Ok(statement::write(client, &sql, &[run.id.into()])?.first().get_one()?.unwrap_or(true))
}

/// Tickets of a version older than the run that were not given their token by it, and those that no batch saw.
fn in_flight(client: &mut SpiClient, job: &Job, run: Run) -> Result<Vec<i64>, TicketError> {
    let sql = job.sql(include_str!("queries/in_flight.sql"));
    let args = [run.upper_id.into(), next_transaction_id().into(), run.horizon.into(), run.id.into()];
    let mut ids: Vec<i64> = ids_of(statement::write(client, &sql, &args)?)?;
    let sql = job.sql(include_str!("queries/unseen.sql"));
    ids.extend(ids_of::<i64>(statement::write(client, &sql, &[run.id.into()])?)?);
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn clock_timestamp(client: &mut SpiClient) -> Result<Option<TimestampWithTimeZone>, TicketError> {
    Ok(statement::write(client, "SELECT clock_timestamp()", &[])?.first().get_one()?)
}
