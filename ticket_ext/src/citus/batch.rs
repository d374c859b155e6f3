//! A batch of a table that Citus keeps: the tickets are read, and each is updated if it still has the token that was
//! read (compare and swap). What another session has changed in between is locked, and done again.

use std::collections::HashSet;

use pgrx::datum::{DatumWithOid, Uuid};
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::context::Context;
use crate::digest::digest;
use crate::entries::{Entry, Fresh};
use crate::error::TicketError;
use crate::format::Making;
use crate::interval::{Found, Interval, Tickets, Written};
use crate::key::Key;
use crate::lock_wait::with_limit;
use crate::statement::ids_of;
use crate::table::Columns;
use crate::ticket::Ticket;
use crate::token;
use crate::token_type::TokenKind;
use crate::violation::without_row;

/// A ticket as it was read.
struct Read {
    key: Key,
    /// What its token is digested from.
    bytes: Option<Vec<u8>>,
}

impl Read {
    fn ticket(&self) -> Ticket {
        Ticket { key: self.key, digest: self.bytes.as_deref().map_or(0, digest) }
    }
}

/// Each shard would send as many as are asked for: keys that follow each other closely are found in a part of it.
pub fn next(
    interval: &Interval,
    client: &mut SpiClient,
    context: &Context,
    limit: i64,
) -> Result<Found, TicketError> {
    let near = Interval { last_id: interval.last_id.min(near(interval.first_id, limit)), ..*interval };
    let found = first(&near, client, context, limit)?;
    if found.tickets == limit || near.last_id == interval.last_id {
        return Ok(found);
    }
    first(interval, client, context, limit)
}

fn near(first_id: i64, limit: i64) -> i64 {
    first_id.saturating_add(limit.saturating_mul(2))
}

fn first(
    interval: &Interval,
    client: &mut SpiClient,
    context: &Context,
    limit: i64,
) -> Result<Found, TicketError> {
    let kind = context.table.columns.key.kind;
    let [first, last] = kind.bounds(interval.first_id, interval.last_id);
    let rows =
        context.read(client, include_str!("../queries/citus_next.sql"), &[first, last, limit.into()])?;
    let tickets = rows.len() as i64;
    let mut last_id = None;
    for row in rows {
        last_id = Some(kind.read(&row, 1)?.id());
    }
    Ok(Found { last_id, tickets })
}

pub fn stored(
    tickets: &Tickets,
    client: &mut SpiClient,
    context: &Context,
) -> Result<Vec<Ticket>, TicketError> {
    Ok(read(tickets, client, context)?.iter().map(Read::ticket).collect())
}

/// The entries of what was written, and the tickets that were not.
pub fn write(
    tickets: &Tickets,
    client: &mut SpiClient,
    context: &Context,
    making: &Making,
) -> Result<Written, TicketError> {
    commit_durably(client, context)?;
    let mut found = read(tickets, client, context)?;
    if let Tickets::Holding(those) = tickets {
        found.retain(|read| those.contains(&read.ticket()));
    }
    let (mut entries, left) = swap(client, context, making, found)?;
    if left.is_empty() {
        return Ok((entries, Vec::new()));
    }
    let made: HashSet<(i64, i64)> = entries.iter().map(|entry| (entry.id, entry.fresh.digest())).collect();
    let mut locked = lock(client, context, &left)?;
    locked.retain(|read| {
        let ticket = read.ticket();
        !made.contains(&ticket.identity())
            && match tickets {
                Tickets::In(_) => has_token(context, read),
                Tickets::Holding(those) => those.contains(&ticket),
            }
    });
    let (again, withheld) = swap(client, context, making, locked)?;
    entries.extend(again);
    Ok((entries, withheld.iter().map(Read::ticket).collect()))
}

/// The other nodes commit for good once this one has. If it could lose its commit in a crash, as sessions may choose,
/// tickets would be rotated without their entries, and then once more.
fn commit_durably(client: &mut SpiClient, context: &Context) -> Result<(), TicketError> {
    context.update(client, include_str!("../queries/commit_synchronously.sql"), &[])?;
    Ok(())
}

/// As `has_token` of the columns has it in SQL.
fn has_token(context: &Context, read: &Read) -> bool {
    let Columns { has_token, type_of_token, .. } = &context.table.columns;
    match &read.bytes {
        _ if has_token.is_empty() => true,
        None => false,
        Some(bytes) => type_of_token.kind != TokenKind::Text || !bytes.is_empty(),
    }
}

fn read(tickets: &Tickets, client: &mut SpiClient, context: &Context) -> Result<Vec<Read>, TicketError> {
    let kind = context.table.columns.key.kind;
    let (those, args): (_, Vec<DatumWithOid>) = match tickets {
        Tickets::In(Interval { first_id, last_id }) => {
            (include_str!("../queries/those_in.sql"), kind.bounds(*first_id, *last_id).into())
        }
        Tickets::Holding(tickets) => {
            ("@key@ = ANY ($1)", vec![kind.array(tickets.iter().map(|ticket| ticket.key))])
        }
    };
    let sql = include_str!("../queries/citus_tickets.sql").replace("@those@", those.trim_end());
    let Columns { token, type_of_token, .. } = &context.table.columns;
    let bytes = type_of_token.stored_bytes(token);
    rows(context, context.read(client, &sql.replace("@stored_bytes@", &bytes), &args)?)
}

/// Waits for those who write to them, and reads what they are then.
fn lock(client: &mut SpiClient, context: &Context, left: &[Read]) -> Result<Vec<Read>, TicketError> {
    let kind = context.table.columns.key.kind;
    let [first, last] = bounds(context, left);
    let args = [kind.array(left.iter().map(|read| read.key)), first, last];
    let sql = include_str!("../queries/citus_lock.sql");
    without_row(|| with_limit(|| context.update(client, sql, &args)))?;
    read(&Tickets::Holding(left.iter().map(Read::ticket).collect()), client, context)
}

fn rows(context: &Context, rows: SpiTupleTable) -> Result<Vec<Read>, TicketError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(Read { key: context.table.columns.key.kind.read(&row, 1)?, bytes: row.get(2)? });
    }
    Ok(found)
}

/// By ids, since a shard is not to be told by a key that is alone: its node would commit on its own.
fn bounds(context: &Context, tickets: &[Read]) -> [DatumWithOid<'static>; 2] {
    let ids = || tickets.iter().map(|read| read.key.id());
    let (first, last) = (ids().min().unwrap_or_default(), ids().max().unwrap_or_default());
    context.table.columns.key.kind.bounds(first, last)
}

/// Returns the entries, and the tickets that have other tokens by now, or are gone.
fn swap(
    client: &mut SpiClient,
    context: &Context,
    making: &Making,
    mut tickets: Vec<Read>,
) -> Result<(Vec<Entry>, Vec<Read>), TicketError> {
    if tickets.is_empty() {
        return Ok((Vec::new(), tickets));
    }
    let new = New::make(client, context, making, tickets.len())?;
    let kind = context.table.columns.key.kind;
    let [first, last] = bounds(context, &tickets);
    let old: Vec<Option<Vec<u8>>> = tickets.iter().map(|read| read.bytes.clone()).collect();
    let (fresh, is_text) = (new.fresh(), matches!(new, New::Texts(_)));
    let args = [kind.array(tickets.iter().map(|read| read.key)), old.into(), new.argument(), first, last];
    let Columns { token, type_of_token, .. } = &context.table.columns;
    let sql = include_str!("../queries/citus_rotate.sql")
        .replace("@old@", &type_of_token.of_stored_bytes("old"))
        .replace("@same@", &type_of_token.same(&format!("ticket.{token}"), "fresh.old"));
    let rows = without_row(|| with_limit(|| context.update(client, &sql, &args)))
        .map_err(|error| making.collision(context, error))?;
    let mut places: Vec<i64> = ids_of(rows)?;
    places.sort_unstable();
    if let Some(twice) = places.windows(2).find(|two| two[0] == two[1]) {
        let key = tickets[twice[0] as usize - 1].key.to_string();
        return Err(TicketError::Alike { table: context.target.name.clone(), key });
    }
    let mut entries = Vec::with_capacity(places.len());
    for place in places.iter().map(|place| *place as usize - 1) {
        let read = &tickets[place];
        let retired = read.bytes.as_deref().filter(|bytes| !bytes.is_empty() || !is_text).map(digest);
        entries.push(Entry { id: read.key.id(), retired, fresh: fresh[place] });
    }
    let mut place = 0;
    tickets.retain(|_| {
        place += 1;
        places.binary_search(&place).is_err()
    });
    Ok((entries, tickets))
}

/// New tokens, as the column takes them.
enum New {
    Uuids(Vec<Uuid>),
    Texts(Vec<String>),
    Bytes(Vec<Vec<u8>>),
}

impl New {
    fn make(
        client: &mut SpiClient,
        context: &Context,
        making: &Making,
        tickets: usize,
    ) -> Result<Self, TicketError> {
        let format = &making.format;
        Ok(match context.table.columns.type_of_token.kind {
            TokenKind::Uuid => {
                Self::Uuids((0..tickets).map(|_| token::new().map(token::uuid)).collect::<Result<_, _>>()?)
            }
            TokenKind::Text => {
                let mut free = making.free(client, context, tickets as i64)?;
                let text = |_| free.pop().map_or_else(|| format.text(), Ok);
                Self::Texts((0..tickets).map(text).collect::<Result<_, _>>()?)
            }
            TokenKind::Bytes => Self::Bytes((0..tickets).map(|_| format.bytes()).collect::<Result<_, _>>()?),
        })
    }

    fn fresh(&self) -> Vec<Fresh> {
        match self {
            Self::Uuids(tokens) => tokens.iter().map(|token| Fresh::Uuid(*token.as_bytes())).collect(),
            Self::Texts(tokens) => {
                tokens.iter().map(|token| Fresh::Digest(digest(token.as_bytes()))).collect()
            }
            Self::Bytes(tokens) => tokens.iter().map(|token| Fresh::Digest(digest(token))).collect(),
        }
    }

    fn argument(self) -> DatumWithOid<'static> {
        match self {
            Self::Uuids(tokens) => tokens.into(),
            Self::Texts(tokens) => tokens.into(),
            Self::Bytes(tokens) => tokens.into(),
        }
    }
}
