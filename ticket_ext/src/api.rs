//! The SQL surface.

use pgrx::datum::Uuid;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::TicketError;
use crate::job::Job;
use crate::run;
use crate::start::{MOST_RANGES, start};
use crate::types::{Name, RegClass};
use crate::{batch, token};

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
    Ok(batch::rotate(after_id, batch, target, token_column)?)
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
    Ok(Spi::connect_mut(|client| start(client, &Job::check(client, target, token_column)?, ranges))?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn pause_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(target, token_column, "paused", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn resume_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(target, token_column, "active", &["active", "paused"])?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn cancel_ticket_rotation(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<i64, ErrorReport> {
    Ok(run::change(target, token_column, "cancelled", &["active", "paused", "cancelled"])?)
}

#[pg_extern(volatile, parallel_safe)]
fn new_ticket_token() -> Result<Uuid, ErrorReport> {
    Ok(token::new()?)
}
