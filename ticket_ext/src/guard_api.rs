//! The SQL surface of the guard.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AllocatedByPostgres, heap_tuple::PgHeapTuple};

use crate::error::TicketError;
use crate::guard::{self, Action};
use crate::target::TargetArgs;
use crate::types::{Name, RegClass, Text};

#[pg_extern(volatile, parallel_unsafe)]
fn guard_ticket_tokens(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
    action: default!(Option<Text>, "'keep'"),
) -> Result<bool, ErrorReport> {
    let found = action.map_or_else(|| "NULL".to_owned(), |action| action.words());
    let action = Action::named(&found).ok_or(TicketError::UnknownAction { found })?;
    Ok(guard::put_on(&TargetArgs::new(target, token_column), action)?)
}

#[pg_extern(volatile, parallel_unsafe)]
fn unguard_ticket_tokens(
    target: default!(Option<RegClass>, "NULL"),
    token_column: default!(Option<Name>, "NULL"),
) -> Result<bool, ErrorReport> {
    Ok(guard::take_off(&TargetArgs::new(target, token_column))?)
}

/// An error is reported here: what a trigger returns as one, pgrx reports as an internal one.
#[pg_trigger]
fn ticket_guard<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, AllocatedByPostgres>>, TicketError> {
    guard::guard(trigger).map_err(|error| {
        ErrorReport::from(error).report(PgLogLevel::ERROR);
        unreachable!("an error that is reported does not return")
    })
}
