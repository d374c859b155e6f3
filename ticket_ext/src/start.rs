//! The start of a run: what it covers, and the ranges it is divided into.

use pgrx::pg_sys;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::job::Job;
use crate::run::{Newest, Run};
use crate::statement::{self, ids_of};

/// A run is divided at most into as many ranges as keep the choice of one cheap in each batch.
pub const MOST_RANGES: i32 = 1000;

/// A sample is of whole pages. So many tickets lie on ten or more, so that a range holds a third more or less than
/// it should, and the time to read them does not grow with the table.
const SAMPLED_PER_RANGE: i64 = 2000;

/// What the table held when the run started.
struct Plan {
    upper_id: i64,
    tickets: i64,
    horizon: i64,
}

/// Returns the id of the new run.
pub fn start(client: &mut SpiClient, job: &Job, ranges: i32) -> Result<i64, TicketError> {
    if let Some(Newest { run, state }) = Run::newest(client, &job.session, &job.target)?
        && matches!(state.as_str(), "active" | "paused")
    {
        return Err(run.unfinished(job));
    }
    let plan = plan(client, job)?;
    let run = insert(client, job, &plan)?;
    divide(client, job, run, &plan, i64::from(ranges))?;
    Ok(run)
}

/// The first unused transaction id. Every transaction that is in progress has a lower one.
pub fn next_transaction_id() -> i64 {
    // SAFETY: reads a counter in shared memory, under its lock.
    let next = unsafe { pg_sys::ReadNextFullTransactionId() };
    next.value as i64
}

fn plan(client: &mut SpiClient, job: &Job) -> Result<Plan, TicketError> {
    let row = statement::write(client, &job.sql(include_str!("queries/plan_run.sql")), &[])?.first();
    let (lowest_id, upper_id, tickets) = row.get_three::<i64, i64, i64>()?;
    let (Some(lowest_id), Some(upper_id), Some(tickets)) = (lowest_id, upper_id, tickets) else {
        return Err(TicketError::NoTickets { table: job.target.name.clone() });
    };
    if lowest_id == i64::MIN {
        return Err(TicketError::LowestId { table: job.target.name.clone() });
    }
    // Read after the tickets: a ticket that was invisible to that query is older work than this id.
    Ok(Plan { upper_id, tickets, horizon: next_transaction_id() })
}

fn insert(client: &mut SpiClient, job: &Job, plan: &Plan) -> Result<i64, TicketError> {
    let sql = job.sql(include_str!("queries/start_run.sql"));
    let args = [
        job.target.oid.into(),
        job.target.name.as_str().into(),
        job.target.column.as_str().into(),
        plan.upper_id.into(),
        plan.tickets.into(),
        plan.horizon.to_string().into(),
    ];
    let row = statement::write(client, &sql, &args)?.first();
    if !row.is_empty()
        && let Some(run) = row.get_one()?
    {
        return Ok(run);
    }
    let newest = Run::newest(client, &job.session, &job.target)?;
    Err(newest.map_or(pgrx::spi::Error::InvalidPosition.into(), |newest| newest.run.unfinished(job)))
}

/// Ranges of about equally many tickets. The first one begins below all ids, so that a ticket with a low id
/// which is committed while the run goes on is part of it.
fn divide(client: &mut SpiClient, job: &Job, run: i64, plan: &Plan, ranges: i64) -> Result<(), TicketError> {
    let mut after_id = i64::MIN;
    for end in range_ends(client, job, plan, ranges)?.into_iter().chain([plan.upper_id]) {
        add_range(client, job, run, after_id, end)?;
        after_id = end;
    }
    Ok(())
}

/// Where all ranges but the last one end.
fn range_ends(client: &mut SpiClient, job: &Job, plan: &Plan, ranges: i64) -> Result<Vec<i64>, TicketError> {
    if ranges == 1 {
        return Ok(Vec::new());
    }
    let percent = 100.0 * (ranges * SAMPLED_PER_RANGE) as f64 / plan.tickets as f64;
    let args = [plan.upper_id.into(), ranges.into(), percent.min(100.0).into()];
    Ok(ids_of(statement::write(client, &job.sql(include_str!("queries/range_ends.sql")), &args)?)?)
}

fn add_range(
    client: &mut SpiClient,
    job: &Job,
    run: i64,
    after_id: i64,
    upper_id: i64,
) -> Result<(), TicketError> {
    let args = [run.into(), after_id.into(), upper_id.into()];
    statement::write(client, &job.sql(include_str!("queries/add_range.sql")), &args)?;
    Ok(())
}
