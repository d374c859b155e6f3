//! Names in databases whose encoding is not UTF-8, as LATIN1.
//!
//! A String holds UTF-8, and pgrx refuses to read anything else into one. So in such a database each byte that is no
//! ASCII is escaped on its way in, and restored in statements and arguments on its way back to the server. An error,
//! which pgrx would send as UTF-8, has Unicode escapes in its place, as a statement may have them: U&"T\00FCr".

use std::ffi::{CStr, CString};

use pgrx::datum::{DatumWithOid, FromDatum, IntoDatum};
use pgrx::pg_sys;

/// It begins an escape; two hexadecimal digits of the byte follow.
const ESCAPE: char = '\u{1}';

pub fn is_utf8() -> bool {
    // SAFETY: reads a setting of the database.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// Of text as the server has it.
pub fn from_server(bytes: &[u8]) -> String {
    if is_utf8() { String::from_utf8_lossy(bytes).into_owned() } else { escape(bytes) }
}

fn escape(bytes: &[u8]) -> String {
    let one = |byte: &u8| {
        if byte.is_ascii() { char::from(*byte).to_string() } else { format!("{ESCAPE}{byte:02x}") }
    };
    bytes.iter().map(one).collect()
}

fn restore(text: &str) -> Vec<u8> {
    let mut parts = text.split(ESCAPE);
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend(part.as_bytes()),
        }
    }
    bytes
}

/// A statement, or a name.
pub fn to_server(text: &str) -> CString {
    let bytes = if is_utf8() { text.as_bytes().to_vec() } else { restore(text) };
    CString::new(bytes).expect("statements are made of names and constants, which hold no NUL")
}

/// None where all arguments are as they should be.
pub fn restored<'a>(args: &[DatumWithOid<'a>]) -> Option<Vec<DatumWithOid<'a>>> {
    (!is_utf8()).then(|| args.iter().map(restored_one).collect())
}

fn restored_one<'a>(arg: &DatumWithOid<'a>) -> DatumWithOid<'a> {
    let datum = arg.datum().map(|datum| datum.sans_lifetime());
    // SAFETY: a text has the form of a bytea, and so has the one that takes its place.
    unsafe {
        let text = datum.filter(|_| arg.oid() == pg_sys::TEXTOID);
        match text
            .and_then(|datum| <&[u8]>::from_datum(datum, false))
            .and_then(|bytes| str::from_utf8(bytes).ok())
        {
            Some(text) => DatumWithOid::new(restore(text), pg_sys::TEXTOID),
            None => DatumWithOid::new_from_datum(arg.datum(), arg.oid()),
        }
    }
}

/// Escapes the texts in what the last statement has returned.
pub fn escape_result() {
    if is_utf8() {
        return;
    }
    // SAFETY: the result of the statement belongs to this call; its rows are replaced by copies of them.
    unsafe {
        let Some(table) = pg_sys::SPI_tuptable.as_ref() else { return };
        let columns = (*table.tupdesc).natts;
        let texts =
            (1..=columns).filter(|column| pg_sys::SPI_gettypeid(table.tupdesc, *column) == pg_sys::TEXTOID);
        for mut column in texts {
            for row in std::slice::from_raw_parts_mut(table.vals, table.numvals as usize) {
                let mut is_null = false;
                let datum = pg_sys::SPI_getbinval(*row, table.tupdesc, column, &raw mut is_null);
                let escaped = <&[u8]>::from_datum(datum, is_null).filter(|text| !text.is_ascii()).map(escape);
                if let Some(mut datum) = escaped.and_then(IntoDatum::into_datum) {
                    let mut is_null = false;
                    *row = pg_sys::heap_modify_tuple_by_cols(
                        *row,
                        table.tupdesc,
                        1,
                        &raw mut column,
                        &raw mut datum,
                        &raw mut is_null,
                    );
                }
            }
        }
    }
}

/// For people.
pub fn shown(text: &str) -> String {
    if is_utf8() || !text.contains(ESCAPE) { text.to_owned() } else { with_unicode_escapes(text, &unicode) }
}

fn unicode(bytes: &[u8]) -> String {
    // SAFETY: reads the bytes, and returns them or a copy that ends with a NUL byte; what is no text is an error.
    unsafe {
        let (text, length) = (bytes.as_ptr().cast(), bytes.len() as i32);
        let converted = pg_sys::pg_server_to_any(text, length, pg_sys::pg_enc::PG_UTF8 as i32);
        if std::ptr::eq(converted, text) {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        CStr::from_ptr(converted).to_string_lossy().into_owned()
    }
}

/// Names and literals with escapes get the U& that these take.
fn with_unicode_escapes(text: &str, unicode: &dyn Fn(&[u8]) -> String) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = char::from(rest.as_bytes()[start]);
        let Some(length) = rest[start + 1..].find(quote) else { break };
        let (before, quoted) = (&rest[..start], &rest[start..start + length + 2]);
        shown.push_str(&escaped(before, unicode));
        if quoted.contains(ESCAPE) {
            shown.push_str("U&");
            shown.push_str(&escaped(&quoted.replace('\\', r"\\"), unicode));
        } else {
            shown.push_str(quoted);
        }
        rest = &rest[start + length + 2..];
    }
    shown + &escaped(rest, unicode)
}

fn escaped(text: &str, unicode: &dyn Fn(&[u8]) -> String) -> String {
    let escape = |one: char| match one as u32 {
        0..=0x7f => one.to_string(),
        code @ 0x80..=0xffff => format!(r"\{code:04X}"),
        code => format!(r"\+{code:06X}"),
    };
    unicode(&restore(text)).chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATIN1: &[u8] = b"a \"T\xfcr\" \x7f";

    #[test]
    fn bytes_come_back_as_they_were() {
        let escaped = escape(LATIN1);
        assert!(escaped.is_ascii());
        assert_eq!(restore(&escaped), LATIN1);
        assert_eq!(restore("\u{1}zz\u{1}"), b"zz");
    }

    #[test]
    fn what_is_shown_can_be_pasted() {
        let unicode = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect();
        let show = |bytes: &[u8]| with_unicode_escapes(&escape(bytes), &unicode);
        assert_eq!(show(b"table public.\"T\xfcr\" has"), r#"table public.U&"T\00FCr" has"#);
        assert_eq!(show(b"f('public.\"T\xfcr\"', 'b\\c', 1)"), r#"f(U&'public."T\00FCr"', 'b\c', 1)"#);
        assert_eq!(show(b"f('T\xfcr\\')"), r"f(U&'T\00FCr\\')");
        assert_eq!(show(b"no quotes \xfc"), r"no quotes \00FC");
        assert_eq!(show(b"it's plain"), "it's plain");
    }
}
