//! The start of a run: what it covers, and the ranges it is divided into.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::check_cache::tell_of_change;
use crate::citus;
use crate::context::Context;
use crate::encoding::shown;
use crate::error::TicketError;
use crate::format::{Format, Wish, choose};
use crate::held::change_run;
use crate::key::KeyKind;
use crate::older_writers;
use crate::run;
use crate::shard_check;
use crate::statement::ids_of;
use crate::warnings::warn;

/// A run is divided at most into as many ranges as keep the choice of one cheap in each batch.
pub const MOST_RANGES: i32 = 1000;

/// As many as there may be workers; more would be small ones.
const RANGES_BY_SIZE: i64 = 64;
/// Where VACUUM follows the run, ranges are smaller: workers that take turns in the last one keep the old rows of
/// each other's batches from being removed. A small table is not worth it.
const SMALL_TABLE: i64 = 100_000;
const TICKETS_PER_RANGE: i64 = 10_000;
const TICKETS_PER_RANGE_OF_SMALL_TABLE: i64 = 50_000;

/// A sample is of whole pages. So many tickets lie on ten or more, so that a range holds a third more or less than
/// it should, and the time to read them does not grow with the table.
const SAMPLED_PER_RANGE: i64 = 2000;

/// What the table held when the run started.
struct Plan {
    /// Read before all else: what is created afterwards is younger than it says.
    started_at: TimestampWithTimeZone,
    highest: Option<i64>,
    tickets: i64,
    without_token: i64,
    horizon: i64,
}

/// Returns the id of the new run; without a number of ranges, as many as the table's size asks for.
pub fn start(
    client: &mut SpiClient,
    context: &Context,
    ranges: Option<i32>,
    wish: &Wish,
) -> Result<i64, TicketError> {
    if let Some(unfinished) = run::in_the_way(client, context)? {
        return Err(unfinished.unfinished(context));
    }
    if let Some(table) = context.lost_name.clone() {
        // Another table may have taken it over, and be the one that is meant.
        return Err(TicketError::ChangedMeanwhile { table });
    }
    let plan = plan(client, context)?;
    let Some(upper_id) = upper_id(client, context, &plan)? else {
        return Err(TicketError::NoTickets { table: context.target.name.clone() });
    };
    let format = choose(client, context, plan.tickets, wish)?;
    report(context, &plan);
    warn(client, context)?;
    let ranges = ranges.map_or_else(|| by_size(plan.tickets), i64::from);
    let run = insert(client, context, &plan, upper_id, &format)?;
    shard_check::refuse_beside(client, &context.session, &context.target)?;
    context.confirm(client)?;
    divide(client, context, run, upper_id, plan.tickets, ranges)?;
    // For the guard, which knows the runs of its table.
    tell_of_change(context.target.oid);
    Ok(run)
}

fn report(context: &Context, plan: &Plan) {
    match (plan.without_token, context.choices.fill_null) {
        (0, _) => {}
        (tickets, true) => notice!("{tickets} ticket(s) without a token get one"),
        (tickets, false) => {
            let call = shown(&context.start_call("fill_null => true"));
            notice!("{tickets} ticket(s) have no token and stay without one; to give them one: {call}");
        }
    }
}

fn by_size(tickets: i64) -> i64 {
    let each = if tickets < SMALL_TABLE { TICKETS_PER_RANGE_OF_SMALL_TABLE } else { TICKETS_PER_RANGE };
    (1 + tickets / each).min(RANGES_BY_SIZE)
}

fn plan(client: &mut SpiClient, context: &Context) -> Result<Plan, TicketError> {
    let row = context.session.write(client, "SELECT clock_timestamp()", &[])?.first();
    let started_at = row.get_one()?.ok_or(pgrx::spi::Error::InvalidPosition)?;
    let horizon = older_writers::next_transaction_id();
    let sql = match context.table.columns.citus {
        None => include_str!("queries/plan_run.sql").to_owned(),
        Some(_) => citus::plan_query(context),
    };
    let row = context.read_all(client, &sql)?.first();
    let (highest, tickets, without_token) = row.get_three()?;
    let (tickets, without_token) = (tickets.unwrap_or(0), without_token.unwrap_or(0));
    Ok(Plan { started_at, highest, tickets, without_token, horizon })
}

/// The last key of the run, so that what is in flight at its start is part of it: the last value of the sequence that
/// the keys come from. Where they come from elsewhere, and older transactions still write, there is no telling; nor
/// is there of UUIDs.
fn upper_id(client: &mut SpiClient, context: &Context, plan: &Plan) -> Result<Option<i64>, TicketError> {
    let drawn: Option<i64> = match context.table.columns.key.sequence {
        Some(sequence) if context.table.columns.citus.is_some() => citus::drawn(client, context, sequence)?,
        Some(sequence) => {
            let sql = "SELECT pg_sequence_last_value($1)";
            context.session.write(client, sql, &[sequence.into()])?.first().get_one()?
        }
        None => None,
    };
    if drawn.is_some() && drawn >= plan.highest {
        return Ok(drawn);
    }
    let is_uuid = context.table.columns.key.kind == KeyKind::Uuid;
    if is_uuid && plan.highest.is_some() || older_writers::any(client, context, plan.horizon)? {
        return Ok(Some(i64::MAX));
    }
    if is_uuid {
        return Ok(None);
    }
    // None is left that could have written before the horizon and is not seen by this look.
    Ok(context.read(client, "SELECT max(@key@)::bigint FROM @target@", &[])?.first().get_one()?)
}

fn insert(
    client: &mut SpiClient,
    context: &Context,
    plan: &Plan,
    upper_id: i64,
    format: &Format,
) -> Result<i64, TicketError> {
    let columns = &context.table.columns;
    let args = [
        context.target.oid.into(),
        context.target.name.as_str().into(),
        columns.key.name.as_str().into(),
        columns.key.number.into(),
        context.target.column.as_str().into(),
        columns.token_number.into(),
        upper_id.into(),
        plan.tickets.into(),
        plan.horizon.to_string().into(),
        plan.started_at.into(),
        format.to_string().into(),
        context.choices.fill_null.into(),
        plan.without_token.into(),
    ];
    let what = format!("the start of a run of {}", context.target.name);
    let row =
        change_run(client, &context.session, what, include_str!("queries/start_run.sql"), &args)?.first();
    if !row.is_empty()
        && let Some(run) = row.get_one()?
    {
        return Ok(run);
    }
    let other = run::in_the_way(client, context)?;
    Err(other.map_or(pgrx::spi::Error::InvalidPosition.into(), |other| other.unfinished(context)))
}

/// Ranges of about equally many tickets. The first one begins with the lowest key there can be, so that a ticket
/// with a low one which is committed while the run goes on is part of it.
fn divide(
    client: &mut SpiClient,
    context: &Context,
    run: i64,
    upper_id: i64,
    tickets: i64,
    ranges: i64,
) -> Result<(), TicketError> {
    let mut first_id = i64::MIN;
    for last_id in range_ends(client, context, upper_id, tickets, ranges)?.into_iter().chain([upper_id]) {
        let args = [run.into(), first_id.into(), last_id.into()];
        context.session.write(client, include_str!("queries/add_range.sql"), &args)?;
        first_id = last_id.saturating_add(1);
    }
    Ok(())
}

/// Where all ranges but the last one end.
fn range_ends(
    client: &mut SpiClient,
    context: &Context,
    upper_id: i64,
    tickets: i64,
    ranges: i64,
) -> Result<Vec<i64>, TicketError> {
    if ranges == 1 || tickets == 0 {
        return Ok(Vec::new());
    }
    let percent = 100.0 * (ranges * SAMPLED_PER_RANGE) as f64 / tickets as f64;
    let percent = percent.min(100.0);
    if context.table.columns.citus.is_some() {
        return citus::range_ends(client, context, upper_id, ranges, percent);
    }
    let args = [upper_id.into(), ranges.into(), percent.into()];
    Ok(ids_of(context.read(client, include_str!("queries/range_ends.sql"), &args)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_grow_with_the_table_up_to_64() {
        let ranges = [0, 49_999, 50_000, 99_999, 100_000, 500_000, 1_000_000_000].map(by_size);
        assert_eq!(ranges, [1, 1, 2, 2, 11, 51, 64]);
    }
}
