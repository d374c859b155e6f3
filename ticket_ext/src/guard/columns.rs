//! Columns of tables by number and name, from the server's own cache: a look at the catalog by SQL takes a new
//! connection milliseconds.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Oid, Trigger};

use crate::encoding::{from_server, to_server};

/// None where there is none with this number, or no more.
pub fn name(table: Oid, number: i16) -> Option<String> {
    // SAFETY: returns a copy of the name, or NULL.
    let name = unsafe { pg_sys::get_attname(table, number, true) };
    // SAFETY: a name ends with a NUL byte.
    (!name.is_null()).then(|| from_server(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

pub fn number(table: Oid, name: &str) -> Option<i16> {
    let name = to_server(name);
    // SAFETY: reads the name, and returns 0 where there is no such column.
    let number = unsafe { pg_sys::get_attnum(table, name.as_ptr()) };
    (number > 0).then_some(number)
}

/// The column that a trigger guards, by its number in the table that it fires on: the one that its condition names. A
/// column that was renamed, and a partition with another order of columns, make no difference to it.
pub fn guarded(trigger: &Trigger) -> Option<i16> {
    if trigger.tgqual.is_null() {
        return None;
    }
    let mut columns = std::ptr::null_mut();
    // SAFETY: the server has stored the condition itself, and reads it in the same way for each statement.
    let first = unsafe {
        let condition = pg_sys::stringToNode(trigger.tgqual);
        pg_sys::pull_varattnos(condition.cast(), pg_sys::PRS2_NEW_VARNO, &raw mut columns);
        pg_sys::bms_next_member(columns, -1)
    };
    let number = first + pg_sys::FirstLowInvalidHeapAttributeNumber;
    (first >= 0 && number > 0).then_some(number as i16)
}
