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
use crate::entries::{Entry, Fresh, new_bytes, new_text, new_uuid, note};
use crate::error::TicketError;
use crate::types::Text;
use crate::{lock_wait, token};

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_uuid(token: Option<Uuid>, id: i64) -> Result<Option<Uuid>, ErrorReport> {
    let new = new_uuid()?;
    renew(token.as_ref().map(|token| &token.as_bytes()[..]), id, Fresh::Uuid(new.into_bytes()))?;
    Ok(Some(token::uuid(new)))
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_text(token: Option<Text>, id: i64) -> Result<Option<String>, ErrorReport> {
    let new = new_text()?;
    renew(
        token.map(|Text(token)| token).filter(|token| !token.is_empty()),
        id,
        Fresh::Digest(digest(new.as_bytes())),
    )?;
    Ok(Some(new))
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn renew_bytea(token: Option<&[u8]>, id: i64) -> Result<Option<Vec<u8>>, ErrorReport> {
    let new = new_bytes()?;
    renew(token, id, Fresh::Digest(digest(&new)))?;
    Ok(Some(new))
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn replace_uuid(token: Option<Uuid>, id: i64, new: Option<Uuid>) -> Result<Option<Uuid>, ErrorReport> {
    let bytes = |token: &Uuid| token.as_bytes().to_vec();
    replace(token.as_ref().map(bytes).as_deref(), id, new.as_ref().map(bytes).as_deref())?;
    Ok(new)
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn replace_text<'a>(
    token: Option<Text<'a>>,
    id: i64,
    new: Option<Text<'a>>,
) -> Result<Option<Text<'a>>, ErrorReport> {
    let bytes = |Text(token): &Text<'a>| Some(*token).filter(|token| !token.is_empty());
    replace(token.as_ref().and_then(bytes), id, new.as_ref().and_then(bytes))?;
    Ok(new)
}

#[pg_extern(name = "renew_ticket_token", volatile, parallel_unsafe)]
fn replace_bytea(token: Option<&[u8]>, id: i64, new: Option<&[u8]>) -> Result<Option<Vec<u8>>, ErrorReport> {
    replace(token, id, new)?;
    Ok(new.map(<[u8]>::to_vec))
}

/// By a token that a function of the user's has made.
fn replace(old: Option<&[u8]>, id: i64, new: Option<&[u8]>) -> Result<(), TicketError> {
    match new {
        None => Err(TicketError::NoNewToken { fault: "no token" }),
        Some(_) if old == new => Err(TicketError::NoNewToken { fault: "the old token again" }),
        Some(new) => renew(old, id, Fresh::Digest(digest(new))),
    }
}

fn renew(old: Option<&[u8]>, id: i64, fresh: Fresh) -> Result<(), TicketError> {
    lock_wait::tighten();
    note(Entry { id, retired: old.map(digest), fresh })
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

#[pg_extern(name = "ticket_is_due", volatile, parallel_unsafe)]
fn is_due_uuid(token: Option<Uuid>, id: i64) -> Result<i32, ErrorReport> {
    is_due(token.as_ref().map(|token| digest(token.as_bytes())), id)
}

#[pg_extern(name = "ticket_is_due", volatile, parallel_unsafe)]
fn is_due_text(token: Option<Text>, id: i64) -> Result<i32, ErrorReport> {
    is_due(token.filter(|Text(token)| !token.is_empty()).map(|Text(token)| digest(token)), id)
}

#[pg_extern(name = "ticket_is_due", volatile, parallel_unsafe)]
fn is_due_bytea(token: Option<&[u8]>, id: i64) -> Result<i32, ErrorReport> {
    is_due(token.map(digest), id)
}

/// 0 for a ticket that is not.
fn is_due(live: Option<i64>, id: i64) -> Result<i32, ErrorReport> {
    Ok(look_up(id, live)?.map_or(0, |reason| reason as i32))
}
