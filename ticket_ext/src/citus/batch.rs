//! A batch of a table that Citus keeps: the tickets are read, and each is updated if it still has the token that was
//! read (compare and swap). What another session has changed in between is locked, and done again.

use std::collections::HashSet;

use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiClient;

use super::look::{Read, Those, read};
use super::tokens::Tokens;
use crate::context::Context;
use crate::digest::digest;
use crate::entries::Entry;
use crate::error::TicketError;
use crate::format::Making;
use crate::lock_wait::with_limit;
use crate::statement::ids_of;
use crate::table::Columns;
use crate::ticket::Ticket;
use crate::token_type::TokenKind;
use crate::violation::without_row;

/// The entries of what was written, and the tickets that were not.
pub fn write(
    client: &mut SpiClient,
    context: &Context,
    making: &Making,
    those: &Those,
) -> Result<(Vec<Entry>, Vec<Ticket>), TicketError> {
    commit_durably(client, context)?;
    let mut found = read(client, context, those)?;
    if let Those::Of(tickets) = those {
        found.retain(|read| tickets.contains(&read.ticket()));
    }
    let (mut entries, left) = swap(client, context, making, found)?;
    if left.is_empty() {
        return Ok((entries, Vec::new()));
    }
    let made: HashSet<(i64, i64)> = entries.iter().map(|entry| (entry.id, entry.fresh.digest())).collect();
    let mut locked = lock(client, context, &left)?;
    locked.retain(|read| {
        let ticket = read.ticket();
        let is_meant = match those {
            Those::In(..) => has_token(context, read),
            Those::Of(tickets) => tickets.contains(&ticket),
        };
        is_meant && !made.contains(&ticket.identity())
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

/// Waits for those who write to them, and reads what they are then.
fn lock(client: &mut SpiClient, context: &Context, left: &[Read]) -> Result<Vec<Read>, TicketError> {
    let kind = context.table.columns.key.kind;
    let [first, last] = bounds(context, left);
    let args = [kind.array(left.iter().map(|read| read.key)), first, last];
    let sql = include_str!("queries/lock.sql");
    without_row(|| with_limit(|| context.update(client, sql, &args)))?;
    let left: Vec<Ticket> = left.iter().map(Read::ticket).collect();
    read(client, context, &Those::Of(&left))
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
    let new = Tokens::make(client, context, making, tickets.len())?;
    let kind = context.table.columns.key.kind;
    let [first, last] = bounds(context, &tickets);
    let old: Vec<Option<Vec<u8>>> = tickets.iter().map(|read| read.bytes.clone()).collect();
    let (fresh, is_text) = (new.fresh(), matches!(new, Tokens::Texts(_)));
    let args = [kind.array(tickets.iter().map(|read| read.key)), old.into(), new.argument(), first, last];
    let Columns { token, type_of_token, .. } = &context.table.columns;
    let sql = include_str!("queries/rotate.sql")
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
