//! The row that a trigger is about.

use std::ffi::CStr;

use pgrx::AllocatedByPostgres;
use pgrx::datum::{FromDatum, IntoDatum, Uuid};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::pg_sys::{self, Datum, HeapTuple, Oid, TupleDesc};
use pgrx::trigger_support::PgTrigger;
use pgrx::tupdesc::PgTupleDesc;

use crate::encoding::from_server;
use crate::error::TicketError;
use crate::format::{Format, Lead};
use crate::key::Key;

pub type Tuple<'a> = PgHeapTuple<'a, AllocatedByPostgres>;

/// A row version as the trigger was given it.
#[derive(Clone, Copy)]
pub struct Row {
    tuple: HeapTuple,
    columns: TupleDesc,
}

impl Row {
    /// The row as it is to be written.
    pub fn new(trigger: &PgTrigger) -> Option<Self> {
        let tuple = trigger.new()?.into_pg();
        Some(Self { tuple, columns: columns(trigger) })
    }

    /// The row as it was, of an UPDATE.
    pub fn old(trigger: &PgTrigger) -> Option<Self> {
        let tuple = trigger.old()?.into_pg();
        Some(Self { tuple, columns: columns(trigger) })
    }

    pub fn datum(&self, number: i16) -> Option<Datum> {
        let mut is_null = true;
        // SAFETY: the row is of the relation whose columns these are, and the number is one of them.
        let datum = unsafe { pg_sys::heap_getattr(self.tuple, number.into(), self.columns, &mut is_null) };
        (!is_null).then_some(datum)
    }

    /// The type of a column; of a domain, the one that it is made of.
    fn type_of(&self, number: i16) -> Oid {
        // SAFETY: as above.
        unsafe {
            let columns = PgTupleDesc::from_pg_unchecked(self.columns);
            let column = columns.get(number as usize - 1).map_or(Oid::INVALID, |column| column.atttypid);
            pg_sys::getBaseType(column)
        }
    }

    /// The id by which the ledger knows the ticket, of its key.
    pub fn id(&self, number: i16) -> Option<i64> {
        let datum = self.datum(number)?;
        // SAFETY: each as its type is stored.
        let key = unsafe {
            match self.type_of(number) {
                pg_sys::INT2OID => i16::from_datum(datum, false).map(|key| Key::Number(key.into())),
                pg_sys::INT4OID => i32::from_datum(datum, false).map(|key| Key::Number(key.into())),
                pg_sys::INT8OID => i64::from_datum(datum, false).map(Key::Number),
                pg_sys::UUIDOID => Uuid::from_datum(datum, false).map(Key::Uuid),
                _ => None,
            }
        };
        key.map(Key::id)
    }

    /// A value as people read it.
    pub fn text(&self, number: i16) -> String {
        let Some(datum) = self.datum(number) else { return String::new() };
        let (mut output, mut is_varlena) = (Oid::INVALID, false);
        // SAFETY: the output function is that of the value's type; what it returns lives as long as the call.
        let text = unsafe {
            pg_sys::getTypeOutputInfo(self.type_of(number), &raw mut output, &raw mut is_varlena);
            CStr::from_ptr(pg_sys::OidOutputFunctionCall(output, datum))
        };
        from_server(text.to_bytes())
    }

    /// The canonical bytes of a token, as `ticket_token_digest` takes them; None of a type that none can have.
    pub fn token(&self, number: i16) -> Option<Vec<u8>> {
        let (datum, of) = (self.datum(number)?, self.type_of(number));
        // SAFETY: a uuid is stored as such, a bytea and all strings as a text is.
        unsafe {
            match of {
                pg_sys::UUIDOID => Uuid::from_datum(datum, false).map(|token| token.as_bytes().to_vec()),
                pg_sys::BPCHAROID => <&[u8]>::from_datum(datum, false).map(without_padding),
                of if of == pg_sys::BYTEAOID || is_string(of) => {
                    <&[u8]>::from_datum(datum, false).map(<[u8]>::to_vec)
                }
                _ => None,
            }
        }
    }

    /// A new token that fits the column, and its canonical bytes.
    pub fn fresh_token(&self, number: i16, format: &Format) -> Result<(Option<Datum>, Vec<u8>), TicketError> {
        let token_type = self.type_of(number);
        if token_type == pg_sys::UUIDOID {
            let token = crate::token::new()?;
            return Ok((crate::token::uuid(token).into_datum(), token.as_bytes().to_vec()));
        }
        let token = if token_type == pg_sys::BYTEAOID {
            format.bytes(Lead::NONE)?
        } else {
            format.text(Lead::NONE)?.into_bytes()
        };
        let mut stored = token.clone();
        if token_type == pg_sys::BPCHAROID {
            stored.resize(self.length(number).max(token.len()), b' ');
        }
        Ok((stored.into_datum(), token))
    }

    /// Of a char(n); a domain over one has none of its own, and its values are compared without their padding.
    fn length(&self, number: i16) -> usize {
        // SAFETY: the server has opened the relation whose columns these are.
        let columns = unsafe { PgTupleDesc::from_pg_unchecked(self.columns) };
        let modifier = columns.get(number as usize - 1).map_or(-1, |column| column.atttypmod);
        usize::try_from(modifier - pg_sys::VARHDRSZ as i32).unwrap_or(0)
    }

    /// The row with another value in one column.
    pub fn with<'a>(&self, number: i16, value: Option<Datum>) -> Tuple<'a> {
        let (mut number, mut is_null) = (i32::from(number), value.is_none());
        let mut value = value.unwrap_or(Datum::from(0));
        // SAFETY: the value is of the column's type; the server copies it with the rest of the row.
        unsafe {
            let tuple = pg_sys::heap_modify_tuple_by_cols(
                self.tuple,
                self.columns,
                1,
                &raw mut number,
                &raw mut value,
                &raw mut is_null,
            );
            PgHeapTuple::from_heap_tuple(PgTupleDesc::from_pg_unchecked(self.columns), tuple)
        }
    }
}

fn without_padding(token: &[u8]) -> Vec<u8> {
    let end = token.iter().rposition(|one| *one != b' ').map_or(0, |last| last + 1);
    token[..end].to_vec()
}

/// A trigger can be created by hand on a column of any type. A `name` is no text: it has no length.
fn is_string(of: Oid) -> bool {
    let (mut category, mut is_preferred) = (0, false);
    // SAFETY: reads what the catalog's cache has of the type.
    let length = unsafe {
        pg_sys::get_type_category_preferred(of, &raw mut category, &raw mut is_preferred);
        pg_sys::get_typlen(of)
    };
    category as u8 == b'S' && length == -1
}

fn columns(trigger: &PgTrigger) -> TupleDesc {
    // SAFETY: the server has opened the relation for the time of the trigger's call.
    unsafe { (*trigger.trigger_data().tg_relation).rd_att }
}
