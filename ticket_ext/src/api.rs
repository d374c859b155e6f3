//! The SQL surface.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::datum::{Interval, TimestampWithTimeZone, Uuid};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::choices::{Choices, KeyChoice};
use crate::context::Context;
use crate::error::TicketError;
use crate::format::Wish;
use crate::run;
use crate::start::{MOST_RANGES, start};
use crate::target::TargetArgs;
use crate::tune::Tuning;
use crate::types::{Name, RegClass, Text};
use crate::{batch, forget, sweep, token, tune, verify};

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
    Ok(batch::rotate(after_id, batch, &TargetArgs::new(target, token_column))?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn start_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
    ranges: default!(Option<i32>, "NULL"),
    key_column: default!(Option<Name>, "NULL"),
    format: default!(Option<Text>, "NULL"),
    fill_null: default!(Option<bool>, "false"),
    force: default!(Option<bool>, "false"),
) -> Result<i64, ErrorReport> {
    if let Some(found) = ranges.filter(|ranges| !(1..=MOST_RANGES).contains(ranges)) {
        return Err(TicketError::RangesOutOfBounds { found, max: MOST_RANGES }.into());
    }
    Ok(Spi::connect_mut(|client| {
        let key = key_column.map_or(KeyChoice::Default, |Name(name)| KeyChoice::Named(name));
        let choices = Choices { key, fill_null: fill_null.unwrap_or_default() };
        let wish = Wish { format: format.map(|format| format.words()), force: force.unwrap_or_default() };
        let context = Context::for_start(client, &TargetArgs::new(target, token_column), choices)?;
        start(client, &context, ranges, &wish)
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn pause_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(&TargetArgs::new(target, token_column), "paused", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn resume_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(&TargetArgs::new(target, token_column), "active", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn cancel_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(&TargetArgs::new(target, token_column), "cancelled", &["active", "paused", "cancelled"])?)
}

/// What is left to do then is done by rotate_ticket_tokens.
#[pg_extern(volatile, parallel_unsafe)]
fn sweep_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(sweep::reopen(&TargetArgs::new(target, token_column))?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn tune_ticket_rotation(
    batch_time: default!(Option<Interval>, "NULL"),
    nice: default!(Option<f64>, "NULL"),
    workers: default!(Option<i32>, "NULL"),
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(tune::tune(Tuning { batch_time, nice, workers }, &TargetArgs::new(target, token_column))?)
}

/// For drivers: what they wait for, or NULL.
#[pg_extern(volatile, parallel_unsafe)]
fn note_ticket_rotation_wait(
    waiting_for: Option<Text>,
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(tune::note_wait(
        waiting_for.map(|reason| reason.words()).as_deref(),
        &TargetArgs::new(target, token_column),
    )?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn forget_ticket_rotation(run_id: Option<i64>) -> Result<Option<i64>, ErrorReport> {
    Ok(run_id.map(forget::forget).transpose()?)
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
            name!(started_at, Option<TimestampWithTimeZone>),
            name!(finished_at, Option<TimestampWithTimeZone>),
            name!(tickets_rotated, i64),
            name!(tickets_swept, i64),
            name!(ledger_gaps, i64),
            name!(old_tokens, Option<i64>),
            name!(old_token_keys, Option<Vec<String>>),
            name!(not_rotated, Option<i64>),
            name!(not_rotated_keys, Option<Vec<String>>),
            name!(created_since, Option<i64>),
            name!(without_token, i64),
            name!(duplicate_tokens, i64),
        ),
    >,
    ErrorReport,
> {
    let evidence = verify::verify(&TargetArgs::new(target, token_column))?;
    let verified = evidence.verified();
    let (old_tokens, not_rotated, created_since) = match evidence.tickets {
        None => (None, None, None),
        Some(found) => (Some(found.old_tokens), Some(found.not_rotated), Some(found.created_since)),
    };
    Ok(TableIterator::once((
        evidence.run,
        evidence.state,
        verified,
        evidence.started_at,
        evidence.finished_at,
        evidence.tickets_rotated,
        evidence.tickets_swept,
        evidence.gaps,
        old_tokens.as_ref().map(|found| found.count),
        old_tokens.map(|found| found.keys),
        not_rotated.as_ref().map(|found| found.count),
        not_rotated.map(|found| found.keys),
        created_since,
        evidence.without_token,
        evidence.duplicate_tokens,
    )))
}

#[pg_extern(volatile, parallel_safe)]
fn new_ticket_token() -> Result<Uuid, ErrorReport> {
    Ok(token::uuid(token::new()?))
}
