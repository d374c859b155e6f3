//! A cache of the checks of a target, dropped when the server tells of a change: only the first batch of a session
//! pays for them.

use std::cell::{Cell, RefCell};

use pgrx::pg_sys::{Datum, Oid};
use pgrx::{pg_guard, pg_sys};

use crate::choices::Choices;
use crate::error::TicketError;

/// What the result of a check depends on, beside the catalog's entries for tables.
#[derive(PartialEq)]
pub struct Key {
    pub target: Oid,
    pub column: String,
    pub choices: Choices,
    /// Whose privileges were checked.
    pub role: Oid,
    /// The extension's own.
    pub schema: String,
}

/// The last target checked, and the number of changes that had been heard of before.
struct Checked<T> {
    key: Key,
    changes: u64,
    value: T,
}

pub struct CheckCache<T>(RefCell<Option<Checked<T>>>);

thread_local! {
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// Called by the server for each table whose definition has changed, with its triggers, rules, policies, grants
/// and constraints. Which table it was does not matter: it may be a partition of the target.
#[pg_guard]
unsafe extern "C-unwind" fn count_change(_argument: Datum, _table: Oid) {
    CHANGES.set(CHANGES.get() + 1);
}

/// For roles and schemas, whose changes are none of a table.
#[pg_guard]
unsafe extern "C-unwind" fn count_other_change(_argument: Datum, _cache: i32, _hash: u32) {
    CHANGES.set(CHANGES.get() + 1);
}

pub fn invalidate_on_change() {
    use pg_sys::SysCacheIdentifier::{AUTHMEMROLEMEM, AUTHOID, NAMESPACEOID};
    // SAFETY: called once, from _PG_init; the functions stay loaded as long as the process lives.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(count_change), Datum::from(0));
        for cache in [NAMESPACEOID, AUTHOID, AUTHMEMROLEMEM] {
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(count_other_change), Datum::from(0));
        }
    }
}

/// Goes up with every change that the server has told of. It tells when a lock is taken.
pub fn changes() -> u64 {
    CHANGES.get()
}

/// Has the server tell of what other sessions have committed meanwhile, without a lock.
pub fn hear_of_changes() {
    // SAFETY: as the server does itself whenever it locks a table.
    unsafe { pg_sys::AcceptInvalidationMessages() }
}

/// Has it tell all sessions, once this transaction has committed, that something about a table has changed: for what
/// the rotation tables say of it.
pub fn tell_of_change(table: Oid) {
    // SAFETY: the table is locked; an unknown one is an error of the server.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(table) }
}

impl<T: Clone> CheckCache<T> {
    pub const fn empty() -> Self {
        Self(RefCell::new(None))
    }

    /// To be called under a lock of the target: with it the server has told of all changes before.
    pub fn get_or(&self, key: Key, check: impl FnOnce() -> Result<T, TicketError>) -> Result<T, TicketError> {
        let changes = changes();
        if let Some(checked) = &*self.0.borrow()
            && checked.changes == changes
            && checked.key == key
        {
            return Ok(checked.value.clone());
        }
        let value = check()?;
        *self.0.borrow_mut() = Some(Checked { key, changes, value: value.clone() });
        Ok(value)
    }
}
