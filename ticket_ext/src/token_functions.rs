//! The functions within the extension's statements on the target. In the UPDATE of a batch: one that takes the token
//! that a ticket has, notes its entry and returns a new token. In a scan: one that tells whether a ticket is due. And
//! the digest of a token, for whoever compares with the ledger.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::datum::Uuid;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::accounting::look_up;
use crate::digest::digest;
use crate::entries::{Entry, note};
use crate::error::TicketError;
use crate::types::Text;
use crate::{lock_wait, token};

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_uuid(token: Option<Uuid>, id: i64) -> Result<Option<Uuid>, ErrorReport> {
    let new = token::new()?;
    renew(token.as_ref().map(|token| &token.as_bytes()[..]), id, new.as_bytes())?;
    Ok(Some(token::uuid(new)))
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_text(token: Option<Text>, id: i64) -> Result<Option<String>, ErrorReport> {
    let new = token::new()?.to_string();
    renew(token.map(|Text(token)| token), id, new.as_bytes())?;
    Ok(Some(new))
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_bytea(token: Option<&[u8]>, id: i64) -> Result<Option<Vec<u8>>, ErrorReport> {
    let new = token::new()?.into_bytes().to_vec();
    renew(token, id, &new)?;
    Ok(Some(new))
}

fn renew(old: Option<&[u8]>, id: i64, new: &[u8]) -> Result<(), TicketError> {
    lock_wait::tighten();
    note(Entry { id, retired: old.map(digest), fresh: digest(new) })
}

#[pg_extern(name = "ticket_token_digest", immutable, strict, parallel_safe)]
fn digest_of_uuid(token: Uuid) -> i64 {
    digest(token.as_bytes())
}

#[pg_extern(name = "ticket_token_digest", immutable, strict, parallel_safe)]
fn digest_of_text(token: Text) -> i64 {
    digest(token.0)
}

#[pg_extern(name = "ticket_token_digest", immutable, strict, parallel_safe)]
fn digest_of_bytea(token: &[u8]) -> i64 {
    digest(token)
}

#[pg_extern(name = "ticket_is_due", volatile, strict, parallel_unsafe)]
fn is_due_uuid(token: Uuid, id: i64) -> Result<i32, ErrorReport> {
    is_due(token.as_bytes(), id)
}

#[pg_extern(name = "ticket_is_due", volatile, strict, parallel_unsafe)]
fn is_due_text(token: Text, id: i64) -> Result<i32, ErrorReport> {
    is_due(token.0, id)
}

#[pg_extern(name = "ticket_is_due", volatile, strict, parallel_unsafe)]
fn is_due_bytea(token: &[u8], id: i64) -> Result<i32, ErrorReport> {
    is_due(token, id)
}

/// 0 for a ticket that is not.
fn is_due(token: &[u8], id: i64) -> Result<i32, ErrorReport> {
    Ok(look_up(id, digest(token))?.map_or(0, |reason| reason as i32))
}
