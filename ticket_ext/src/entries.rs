//! The entries of a batch: the id of each ticket that it rotates, and a digest of the token that it retires.
//!
//! They are noted inside the UPDATE, by the function that makes the new token. It is given the value of exactly the
//! row version that is replaced, also where the server looked again because of a concurrent update.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::digest::digest;
use crate::error::TicketError;
use crate::format::Source;
use crate::ticket::Ticket;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id of the ticket's key.
    pub id: i64,
    /// NULL where the ticket had no token.
    pub retired: Option<i64>,
    pub fresh: Fresh,
}

/// The new token, to find out what was written; its digest is kept where ids repeat. That of a UUID is made when it is
/// asked for, which is seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    Uuid([u8; 16]),
    Digest(i64),
}

impl Fresh {
    pub fn digest(&self) -> i64 {
        match self {
            Self::Uuid(token) => digest(token),
            Self::Digest(digest) => *digest,
        }
    }
}

/// A batch at work.
struct Batch {
    entries: Vec<Entry>,
    source: Source,
}

thread_local! {
    static BATCH: RefCell<Option<Batch>> = const { RefCell::new(None) };
}

/// While it lives, entries are noted. Dropped also by an error, so that no call finds those of another.
struct Noting;

impl Drop for Noting {
    fn drop(&mut self) {
        BATCH.set(None);
    }
}

/// The entries that were noted during the work.
pub fn noted_during<T>(
    source: Source,
    work: impl FnOnce() -> Result<T, TicketError>,
) -> Result<(T, Vec<Entry>), TicketError> {
    if is_noting() {
        return Err(TicketError::NestedBatch);
    }
    let _noting = Noting;
    BATCH.set(Some(Batch { entries: Vec::new(), source }));
    let done = work()?;
    Ok((done, BATCH.take().map_or(Vec::new(), |batch| batch.entries)))
}

/// Whether a batch is at work in this session; nothing that SQL can do makes it seem so.
pub fn is_noting() -> bool {
    BATCH.with_borrow(Option::is_some)
}

pub fn note(entry: Entry) -> Result<(), TicketError> {
    in_batch(|batch| {
        batch.entries.push(entry);
        Ok(())
    })
}

/// A new token of the batch.
pub fn new_uuid() -> Result<uuid::Uuid, TicketError> {
    in_batch(|batch| batch.source.uuid())
}

pub fn new_text() -> Result<String, TicketError> {
    in_batch(|batch| batch.source.text())
}

pub fn new_bytes() -> Result<Vec<u8>, TicketError> {
    in_batch(|batch| batch.source.bytes())
}

fn in_batch<T>(work: impl FnOnce(&mut Batch) -> Result<T, TicketError>) -> Result<T, TicketError> {
    BATCH.with_borrow_mut(|batch| work(batch.as_mut().ok_or(TicketError::OutsideBatch)?))
}

/// What a statement has written, by what is stored of the tickets that it was to rotate.
pub struct Reconciled {
    pub written: Vec<Entry>,
    /// Those that hold another token than the one that was made for them.
    pub unchanged: Vec<Ticket>,
}

/// An entry is a ticket that this statement wrote: one that a trigger suppressed, or that was looked at twice, has a
/// new token that is stored nowhere. One that was not noted came up meanwhile, maybe with many others: the sweep's.
pub fn reconcile(noted: &[Entry], stored: &[Ticket]) -> Reconciled {
    let mut by_token: HashMap<(i64, i64), Entry> =
        noted.iter().map(|entry| ((entry.id, entry.fresh.digest()), *entry)).collect();
    let ids: HashSet<i64> = noted.iter().map(|entry| entry.id).collect();
    let mut reconciled = Reconciled { written: Vec::with_capacity(stored.len()), unchanged: Vec::new() };
    for ticket in stored {
        match by_token.remove(&ticket.identity()) {
            Some(entry) => reconciled.written.push(entry),
            None if ids.contains(&ticket.key.id()) => reconciled.unchanged.push(*ticket),
            None => (),
        }
    }
    reconciled
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::format::{Format, Lead};
    use crate::key::Key;

    fn entry(id: i64, retired: i64, fresh: i64) -> Entry {
        Entry { id, retired: Some(retired), fresh: Fresh::Digest(fresh) }
    }

    fn source() -> Source {
        Source { format: Rc::new(Format::Uuid), lead: Lead::NONE, free: Vec::new() }
    }

    fn ticket(key: i64, digest: i64) -> Ticket {
        Ticket { key: Key::Number(key), digest }
    }

    #[test]
    fn a_ticket_that_was_looked_at_twice_has_the_entry_of_what_is_stored() {
        let noted = [entry(1, 10, 11), entry(2, 20, 21), entry(2, 22, 23)];
        let reconciled = reconcile(&noted, &[ticket(1, 11), ticket(2, 23)]);
        assert_eq!(reconciled.written, [noted[0], noted[2]]);
        assert!(reconciled.unchanged.is_empty());
    }

    #[test]
    fn a_ticket_that_holds_another_token_is_unchanged() {
        let reconciled =
            reconcile(&[entry(1, 10, 11), entry(2, 20, 21)], &[ticket(1, 10), ticket(2, 21), ticket(3, 30)]);
        assert_eq!(reconciled.written, [entry(2, 20, 21)]);
        assert_eq!(reconciled.unchanged, [ticket(1, 10)], "3 was not noted");
    }

    #[test]
    fn an_error_leaves_no_entry_to_the_next_call() {
        let failed: Result<((), _), _> = noted_during(source(), || {
            note(entry(1, 10, 11))?;
            Err(TicketError::NullBatch)
        });
        assert!(failed.is_err());
        assert!(note(entry(2, 20, 21)).is_err(), "no batch is at work");
        let ((), noted) = noted_during(source(), || note(entry(3, 30, 31))).unwrap();
        assert_eq!(noted, [entry(3, 30, 31)]);
    }
}
