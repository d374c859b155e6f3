//! Locks of tables, with a word about who is in the way.

use std::time::Duration;

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::held::{Held, or_name_holder_within};
use crate::lock_wait::LONGEST_WAIT;
use crate::privileges::in_own_path;
use crate::session::Session;
use crate::statement;
use crate::target::Target;

/// The mode of the statements to come, and those it has to wait for.
pub struct TableLock {
    mode: u32,
    waits_for: &'static [&'static str],
    longest: Duration,
}

/// Whoever writes to the table queues behind a change of it that waits. An autovacuum in the way is ended by the server
/// once it has been waited for as long as `deadlock_timeout`, by default a second.
const LONGEST_WAIT_OF_CHANGE: Duration = Duration::from_secs(2);

impl TableLock {
    pub const ROTATE: Self = Self {
        mode: pg_sys::RowExclusiveLock,
        waits_for: &["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"],
        longest: LONGEST_WAIT,
    };
    pub const READ: Self =
        Self { mode: pg_sys::AccessShareLock, waits_for: &["AccessExclusiveLock"], longest: LONGEST_WAIT };
    pub const ADD_TRIGGERS: Self = Self {
        mode: pg_sys::ShareRowExclusiveLock,
        waits_for: &[
            "RowExclusiveLock",
            "ShareUpdateExclusiveLock",
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ],
        longest: LONGEST_WAIT_OF_CHANGE,
    };
    pub const DROP_TRIGGERS: Self = Self {
        mode: pg_sys::AccessExclusiveLock,
        waits_for: &[
            "AccessShareLock",
            "RowShareLock",
            "RowExclusiveLock",
            "ShareUpdateExclusiveLock",
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ],
        longest: LONGEST_WAIT_OF_CHANGE,
    };

    /// Held to the end of the transaction. The server tells of all changes of tables before it is granted.
    pub fn take(
        &self,
        client: &mut SpiClient,
        session: &Session,
        table: Oid,
        name: &str,
    ) -> Result<(), TicketError> {
        let mode = self.mode as pg_sys::LOCKMODE;
        // SAFETY: locks a number, whether or not a table has it; the checks come afterwards.
        if unsafe { pg_sys::ConditionalLockRelationOid(table, mode) } {
            return Ok(());
        }
        let held = Held { what: format!("table {name}"), relation: table, modes: self.waits_for };
        or_name_holder_within(self.longest, client, session, &held, |_| {
            // SAFETY: as above.
            unsafe { pg_sys::LockRelationOid(table, mode) };
            Ok(())
        })
    }
}

/// Whether this role may update any column of the table.
pub fn may_update(client: &SpiClient, target: &Target) -> Result<bool, TicketError> {
    let sql = "SELECT has_any_column_privilege($1, 'UPDATE')";
    let row = in_own_path(|| statement::read(client, sql, &[target.oid.into()]))?.first();
    Ok(row.get_one()?.unwrap_or(false))
}
