//! Keys of the tickets that an entry may be of: the ledger has only their ids.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::key::{Key, KeyKind, shortened};

pub fn names(
    context: &Context,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, String>, TicketError> {
    let mut names = HashMap::new();
    Spi::connect_mut(|client| {
        for id in ids {
            if let Entry::Vacant(unknown) = names.entry(id) {
                unknown.insert(name_of(client, context, id)?);
            }
        }
        Ok(names)
    })
}

/// Of a UUID that the table has no more, its beginning.
fn name_of(client: &mut SpiClient, context: &Context, id: i64) -> Result<String, TicketError> {
    let kind = context.table.columns.key.kind;
    if kind == KeyKind::Number {
        return Ok(Key::Number(id).to_string());
    }
    let sql = "SELECT @key_value@ FROM @target@ WHERE @key@ >= $1 AND @key@ <= $2 ORDER BY @key@";
    let mut names = Vec::new();
    for row in context.read(client, sql, &kind.bounds(id, id))? {
        names.push(kind.read(&row, 1)?.to_string());
    }
    Ok(if names.is_empty() { shortened(id) } else { names.join(" or ") })
}
