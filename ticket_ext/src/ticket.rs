//! A ticket, by its key and the token that it has.

use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiTupleTable;

use crate::error::TicketError;
use crate::key::{Key, KeyKind};

/// As it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub key: Key,
    /// Of the token that it has.
    pub digest: i64,
}

impl Ticket {
    /// What the ledger knows it by.
    pub fn identity(&self) -> (i64, i64) {
        (self.key.id(), self.digest)
    }

    /// Rows of a key and a digest.
    pub fn read(kind: KeyKind, rows: SpiTupleTable) -> Result<Vec<Self>, TicketError> {
        let mut tickets = Vec::with_capacity(rows.len());
        for row in rows {
            tickets.push(Self { key: kind.read(&row, 1)?, digest: row.get(2)?.unwrap_or_default() });
        }
        Ok(tickets)
    }

    /// Their keys and their digests.
    pub fn args(kind: KeyKind, tickets: &[Self]) -> [DatumWithOid<'static>; 2] {
        let digests: Vec<i64> = tickets.iter().map(|ticket| ticket.digest).collect();
        [kind.array(tickets.iter().map(|ticket| ticket.key)), digests.into()]
    }
}
