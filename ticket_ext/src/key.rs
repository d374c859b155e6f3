//! Keys of tickets. What orders them, in ranges, ledger and calls, is the id: the key itself where it is a number, and
//! of a UUID its first 63 bits, which keep the order.
//!
//! Tickets may have an id in common: by a key that is not unique, or by UUIDs that differ in their last bits alone.

use std::fmt;

use pgrx::datum::{DatumWithOid, Uuid};
use pgrx::prelude::*;
use pgrx::spi::SpiHeapTupleData;

use crate::error::TicketError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Number(i64),
    Uuid(Uuid),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    #[default]
    Number,
    Uuid,
}

impl Key {
    pub fn id(self) -> i64 {
        match self {
            Self::Number(number) => number,
            Self::Uuid(uuid) => id_of(uuid),
        }
    }
}

/// As people see it in their table.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Uuid(uuid) => uuid.fmt(f),
        }
    }
}

impl KeyKind {
    /// The key of a row that a statement returns.
    pub fn read(self, row: &SpiHeapTupleData, column: usize) -> Result<Key, TicketError> {
        let missing = pgrx::spi::Error::InvalidPosition;
        Ok(match self {
            Self::Number => Key::Number(row.get(column)?.ok_or(missing)?),
            Self::Uuid => Key::Uuid(row.get(column)?.ok_or(missing)?),
        })
    }

    /// The keys as an argument.
    pub fn array(self, keys: impl Iterator<Item = Key>) -> DatumWithOid<'static> {
        match self {
            Self::Number => keys.map(Key::id).collect::<Vec<_>>().into(),
            Self::Uuid => keys
                .filter_map(|key| if let Key::Uuid(uuid) = key { Some(uuid) } else { None })
                .collect::<Vec<_>>()
                .into(),
        }
    }

    /// The lowest and the highest key that an interval can hold, as arguments.
    pub fn bounds(self, first_id: i64, last_id: i64) -> [DatumWithOid<'static>; 2] {
        match self {
            Self::Number => [first_id.into(), last_id.into()],
            // The lowest id there is: what ends below it holds nothing.
            Self::Uuid if last_id < 0 => [uuid(u128::MAX).into(), uuid(0).into()],
            Self::Uuid => {
                let [first, last] = [first_id.max(0), last_id].map(|id| (id as u128) << REST_BITS);
                [uuid(first).into(), uuid(last | (u128::MAX >> ID_BITS)).into()]
            }
        }
    }
}

const ID_BITS: u32 = 63;
const REST_BITS: u32 = 128 - ID_BITS;

fn uuid(bits: u128) -> Uuid {
    Uuid::from_bytes(bits.to_be_bytes())
}

/// What is surely known of a UUID by its id.
pub fn shortened(id: i64) -> String {
    let lowest = uuid((id as u128) << REST_BITS).to_string();
    format!("{}...", &lowest[..17])
}

#[pg_extern(name = "ticket_key", immutable, strict, parallel_safe)]
fn id_of(key: Uuid) -> i64 {
    (u128::from_be_bytes(*key.as_bytes()) >> REST_BITS) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_the_order_of_uuids() {
        let ascending = [0, 1, 1 << REST_BITS, (1 << REST_BITS) + 1, 1 << 127, u128::MAX];
        assert_eq!(ascending.map(|bits| id_of(uuid(bits))), [0, 0, 1, 1, 1 << 62, i64::MAX]);
    }
}
