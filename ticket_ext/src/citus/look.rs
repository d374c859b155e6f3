//! Tickets are read with their keys and the bytes of their tokens, which are digested here.

use pgrx::datum::DatumWithOid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::context::Context;
use crate::digest::digest;
use crate::error::TicketError;
use crate::key::Key;
use crate::table::Columns;
use crate::ticket::Ticket;

pub enum Those<'a> {
    /// With an id from the first to the second.
    In(i64, i64),
    /// With their keys.
    Of(&'a [Ticket]),
}

/// A ticket as it was read.
pub struct Read {
    pub key: Key,
    /// What its token is digested from.
    pub bytes: Option<Vec<u8>>,
}

impl Read {
    pub fn ticket(&self) -> Ticket {
        Ticket { key: self.key, digest: self.bytes.as_deref().map_or(0, digest) }
    }
}

/// The next tickets from an id up to another, at most `limit`: the last one's id, and how many. Each shard would send
/// as many as are asked for; keys that follow each other closely are found in a part of it.
pub fn next(
    client: &mut SpiClient,
    context: &Context,
    [first_id, last_id]: [i64; 2],
    limit: i64,
) -> Result<(Option<i64>, i64), TicketError> {
    let near = last_id.min(first_id.saturating_add(limit.saturating_mul(2)));
    let found = first(client, context, [first_id, near], limit)?;
    if found.1 == limit || near == last_id {
        return Ok(found);
    }
    first(client, context, [first_id, last_id], limit)
}

fn first(
    client: &mut SpiClient,
    context: &Context,
    [first_id, last_id]: [i64; 2],
    limit: i64,
) -> Result<(Option<i64>, i64), TicketError> {
    let kind = context.table.columns.key.kind;
    let [first, last] = kind.bounds(first_id, last_id);
    let rows = context.read(client, include_str!("queries/next.sql"), &[first, last, limit.into()])?;
    let tickets = rows.len() as i64;
    let mut last_id = None;
    for row in rows {
        last_id = Some(kind.read(&row, 1)?.id());
    }
    Ok((last_id, tickets))
}

pub fn stored(client: &mut SpiClient, context: &Context, those: &Those) -> Result<Vec<Ticket>, TicketError> {
    Ok(read(client, context, those)?.iter().map(Read::ticket).collect())
}

pub fn read(client: &mut SpiClient, context: &Context, those: &Those) -> Result<Vec<Read>, TicketError> {
    let kind = context.table.columns.key.kind;
    let (those, args): (_, Vec<DatumWithOid>) = match those {
        Those::In(first_id, last_id) => {
            (include_str!("../queries/those_in.sql"), kind.bounds(*first_id, *last_id).into())
        }
        Those::Of(tickets) => ("@key@ = ANY ($1)", vec![kind.array(tickets.iter().map(|ticket| ticket.key))]),
    };
    let sql = include_str!("queries/tickets.sql").replace("@those@", those.trim_end());
    let Columns { token, type_of_token, .. } = &context.table.columns;
    let bytes = type_of_token.stored_bytes(token);
    rows(context, context.read(client, &sql.replace("@stored_bytes@", &bytes), &args)?)
}

fn rows(context: &Context, rows: SpiTupleTable) -> Result<Vec<Read>, TicketError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(Read { key: context.table.columns.key.kind.read(&row, 1)?, bytes: row.get(2)? });
    }
    Ok(found)
}
