//! The SQL surface.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::datum::{Interval, Uuid};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::TicketError;
use crate::job::Job;
use crate::run;
use crate::start::{MOST_RANGES, start};
use crate::target::Wanted;
use crate::tune::Tuning;
use crate::types::{Name, RegClass};
use crate::{batch, lock_wait, token, tune, verify};

#[pg_extern(volatile, parallel_unsafe)]
fn rotate_ticket_tokens(
    after_id: Option<i64>,
    batch: Option<i32>,
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<Option<i64>, ErrorReport> {
    let batch = match batch {
        None => return Err(TicketError::NullBatch.into()),
        Some(found) if found < 1 => return Err(TicketError::BatchTooSmall { found }.into()),
        Some(batch) => i64::from(batch),
    };
    Ok(batch::rotate(after_id, batch, Wanted::new(target, token_column))?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn start_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
    ranges: default!(Option<i32>, 1),
) -> Result<i64, ErrorReport> {
    let ranges = ranges.unwrap_or(1);
    if !(1..=MOST_RANGES).contains(&ranges) {
        return Err(TicketError::RangesOutOfBounds { found: ranges, max: MOST_RANGES }.into());
    }
    Ok(Spi::connect_mut(|client| {
        start(client, &Job::check(client, Wanted::new(target, token_column))?, ranges)
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn pause_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(Wanted::new(target, token_column), "paused", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn resume_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(Wanted::new(target, token_column), "active", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn cancel_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(Wanted::new(target, token_column), "cancelled", &["active", "paused", "cancelled"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn tune_ticket_rotation(
    batch_time: default!(Option<Interval>, "NULL"),
    nice: default!(Option<f64>, "NULL"),
    workers: default!(Option<i32>, "NULL"),
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(tune::tune(Tuning { batch_time, nice, workers }, Wanted::new(target, token_column))?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the result from the signature itself")]
fn verify_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(run_id, i64),
            name!(state, String),
            name!(verified, Option<bool>),
            name!(tickets_rotated, i64),
            name!(tickets_swept, i64),
            name!(ledger_gaps, i64),
            name!(not_rotated, Option<i64>),
            name!(not_rotated_ids, Option<Vec<i64>>),
            name!(written_since, Option<i64>),
            name!(created_since, Option<i64>),
            name!(without_token, i64),
            name!(duplicate_tokens, i64),
        ),
    >,
    ErrorReport,
> {
    let evidence = verify::verify(Wanted::new(target, token_column))?;
    let verified = evidence.verified();
    Ok(TableIterator::once((
        evidence.run,
        evidence.state,
        verified,
        evidence.tickets_rotated,
        evidence.tickets_swept,
        evidence.gaps,
        evidence.not_rotated,
        evidence.not_rotated_ids,
        evidence.written_since,
        evidence.created_since,
        evidence.without_token,
        evidence.duplicate_tokens,
    )))
}

#[pg_extern(volatile, parallel_safe)]
fn new_ticket_token() -> Result<Uuid, ErrorReport> {
    lock_wait::lower()?;
    Ok(token::new()?)
}
