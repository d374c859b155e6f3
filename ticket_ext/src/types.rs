//! SQL argument types that pgrx has no counterpart for.

use std::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{IntoDatum, impl_sql_translatable, pg_sys};

use crate::encoding::from_server;

/// A `regclass`, by its oid alone: `PgRelation` would fail on a dropped table before it can be reported.
pub struct RegClass(pub pg_sys::Oid);

/// A `name`.
pub struct Name(pub String);

/// The bytes of a `text`, whatever the encoding of the database.
pub struct Text<'a>(pub &'a [u8]);

impl Text<'_> {
    pub fn words(&self) -> String {
        from_server(self.0)
    }
}

impl_sql_translatable!(RegClass, "regclass");
impl_sql_translatable!(Name, "name");
impl_sql_translatable!(Text<'_>, "text");

// SAFETY: a regclass is passed by value, as an oid.
unsafe impl<'fcx> ArgAbi<'fcx> for RegClass {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the argument is a regclass, whose datum is an oid.
        let oid = unsafe { arg.unbox_arg_using_from_datum() };
        Self(oid.expect("an argument of Option is unboxed only when it is not NULL"))
    }
}

// SAFETY: a name is passed by reference, to a buffer that ends with a NUL byte.
unsafe impl<'fcx> ArgAbi<'fcx> for Name {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the argument is a name, whose datum is read as a C string.
        let name: Option<&CStr> = unsafe { arg.unbox_arg_using_from_datum() };
        let name = name.expect("an argument of Option is unboxed only when it is not NULL");
        Self(from_server(name.to_bytes()))
    }
}

// SAFETY: a text is passed by reference, to a varlena as a bytea is.
unsafe impl<'fcx> ArgAbi<'fcx> for Text<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the argument is a text, whose bytes are read as a bytea's.
        let bytes = unsafe { arg.unbox_arg_using_from_datum() };
        Self(bytes.expect("an argument of Option is unboxed only when it is not NULL"))
    }
}

// SAFETY: a text is returned as a copy, of the form that a bytea has.
unsafe impl BoxRet for Text<'_> {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.0.into_datum() {
            // SAFETY: the datum is a varlena in the memory of the call.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}
