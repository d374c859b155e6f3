//! Whose privileges a statement runs with, and by which search_path it finds its names.
//!
//! The rotation tables belong to the extension's owner, and nobody else writes them: a role that rotates cannot forge
//! the evidence. The target is read and updated as the caller, or where that is a superuser, as the table's owner in
//! a security-restricted operation, as REFRESH and REINDEX do: code of the table must not run as a superuser.
//!
//! The extension's own statements see `pg_catalog` alone. Only the UPDATE of the target keeps the caller's
//! search_path, for the triggers of the target; what it names itself is qualified.

use std::thread;

use pgrx::pg_sys::{self, Oid};

use crate::guc::Nested;

/// Who reads and updates the target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TargetUser {
    Caller,
    /// The table's owner, for a superuser.
    Owner(Oid),
}

/// Until it is dropped, another user. An error of the server restores the user by itself.
struct Switched {
    user: Oid,
    context: i32,
}

impl Switched {
    fn to(user: Oid, restrictions: u32) -> Self {
        let (mut before, mut context) = (Oid::INVALID, 0);
        // SAFETY: reads the current user and security context, and sets others, as for a SECURITY DEFINER function;
        // `drop` or the abort of the transaction restores both.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&raw mut before, &raw mut context);
            pg_sys::SetUserIdAndSecContext(user, context | restrictions as i32);
        }
        Self { user: before, context }
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        if !thread::panicking() {
            // SAFETY: restores what `to` has found.
            unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) }
        }
    }
}

/// With nothing in sight but what the server itself brings.
pub fn in_own_path<T>(work: impl FnOnce() -> T) -> T {
    let _path = Nested::begin().set("search_path", "pg_catalog, pg_temp");
    work()
}

/// For the rotation tables, by their indexes: a ledger that has grown within minutes has no statistics to tell the
/// planner that it is large. No value asks for a plan of its own, which takes longer to make than to carry out.
pub fn as_extension_owner<T>(owner: Oid, work: impl FnOnce() -> T) -> T {
    let _user = Switched::to(owner, pg_sys::SECURITY_LOCAL_USERID_CHANGE);
    let _plans = Nested::begin()
        .set("enable_seqscan", "off")
        .set("enable_bitmapscan", "off")
        .set("plan_cache_mode", "force_generic_plan");
    in_own_path(work)
}

/// For the target's rows, by the caller's search_path.
pub fn as_target_user<T>(user: TargetUser, work: impl FnOnce() -> T) -> T {
    let restrictions = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    let _user = match user {
        TargetUser::Caller => None,
        TargetUser::Owner(owner) => Some(Switched::to(owner, restrictions)),
    };
    work()
}

/// Whether a SECURITY DEFINER function calls: settings of its caller are then not its own.
pub fn is_security_definer() -> bool {
    // SAFETY: reads a flag of this process.
    unsafe { pg_sys::InLocalUserIdChange() }
}
