//! Keys of the tickets that an entry may be of: the ledger has only their ids.

use std::collections::HashMap;

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::interval::Interval;
use crate::key::{Key, KeyKind, shortened};
use crate::trace::Traced;

pub fn name_keys(context: &Context, traced: &mut [Traced]) -> Result<(), TicketError> {
    let mut known: HashMap<i64, String> = HashMap::new();
    Spi::connect_mut(|client| {
        for traced in traced {
            let Traced::Retired { id, key, .. } = traced else { continue };
            if !known.contains_key(id) {
                known.insert(*id, name_of(client, context, *id)?);
            }
            key.clone_from(&known[id]);
        }
        Ok(())
    })
}

/// Of a UUID that the table has no more, its beginning.
fn name_of(client: &mut SpiClient, context: &Context, id: i64) -> Result<String, TicketError> {
    let kind = context.table.columns.key.kind;
    if kind == KeyKind::Number {
        return Ok(Key::Number(id).to_string());
    }
    let only = Interval { first_id: id, last_id: id };
    let sql = "SELECT @key_value@ FROM @target@ WHERE @key@ >= $1 AND @key@ <= $2 ORDER BY @key@";
    let mut names = Vec::new();
    for row in context.read(client, sql, &kind.bounds(&only))? {
        names.push(kind.read(&row, 1)?.to_string());
    }
    Ok(if names.is_empty() { shortened(id) } else { names.join(" or ") })
}
