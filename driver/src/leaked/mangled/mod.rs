//! Lists written down and mangled at random: no token is left out unseen, and no part of one is in an error.

mod damage;
mod written;

use std::cell::Cell;
use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq};
use proptest::prop_oneof;
use proptest::sample::select;

use super::form::{Form, Tokens};
use super::layout::Wanted;
use super::list::List;
use super::source;
use crate::error::Error;
use crate::property::check;
use damage::{Damage, Damaged};

/// What lists are made of, but for most of their tokens, which are found out by their digits.
const PIECES: [&[u8]; 22] = [
    b"F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
    b"f81d4fae7dec11d0a76500a0c91e6bf6",
    b"\\x53EC437A53EC437A",
    b"53EC437A53",
    b"token",
    b"id",
    b"1",
    b",",
    b";",
    b"\t",
    b"|",
    b"\"",
    b"\"\"",
    b"'",
    b" ",
    b"\n",
    b"\r\n",
    b"\\N",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
];
const MARKS: [&str; 3] = ["f81d", "7dec", "53ec"];

#[test]
fn no_token_of_a_mangled_list_is_left_out_unseen_and_no_error_quotes_one() {
    let refused = [const { Cell::new(0) }; 6];
    check((damage::lists(), any::<(bool, bool)>()), 600, |(list, (marked, zipped))| {
        match read(list.style.form, packed(&list.text, marked, zipped)) {
            Ok(found) => assert_is_whole(&list, &found),
            Err(error) => {
                refused[list.damage as usize].update(|times| times + 1);
                prop_assert!(list.damage != Damage::None || list.style.needs_a_word(), "{error}");
                assert_says_nothing(&error, &list.text)
            }
        }
    });
    let refused = refused.map(Cell::into_inner);
    assert!(refused[1..].iter().all(|times: &u64| *times > 0), "refused, by damage: {refused:?}");
}

#[test]
fn a_list_of_any_bytes_is_read_or_refused_by_an_error_that_quotes_no_token() {
    let pieces = vec(select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat());
    let bytes = prop_oneof![1 => vec(any::<u8>(), 0..100), 3 => pieces];
    let form =
        prop_oneof![Just(Form::Uuid), Just(Form::Bytes), Just(Form::Text(None)), Just(Form::Text(Some(12)))];
    check((form, bytes), 10_000, |(form, bytes)| {
        let said = read(form, bytes).map_or_else(|error| said(&error), |_tokens| String::new());
        prop_assert!(!MARKS.iter().any(|mark| said.contains(mark)), "{said}");
        Ok(())
    });
}

fn assert_is_whole(list: &Damaged, found: &[String]) -> Result<(), TestCaseError> {
    let lost = list.whole.iter().find(|token| !found.contains(token));
    prop_assert_eq!(lost, None);
    let seen = list.damage != Damage::Token || matches!(list.style.form, Form::Text(_));
    prop_assert!(seen, "a token that is none was read");
    Ok(())
}

/// Not even six characters of any field.
fn assert_says_nothing(error: &Error, text: &str) -> Result<(), TestCaseError> {
    let said = said(error);
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| part.len() >= 6);
    for part in parts.filter(|part| !matches!(*part, "secret" | "example")) {
        prop_assert!(!said.contains(&part.to_lowercase()), "{said} quotes {part}");
    }
    Ok(())
}

fn said(error: &Error) -> String {
    let said = format!("{error} {} {}", error.detail().unwrap_or_default(), error.hint().unwrap_or_default());
    said.to_lowercase()
}

/// As a file may hold it.
fn packed(text: &str, marked: bool, zipped: bool) -> Vec<u8> {
    let text = if marked { format!("\u{feff}{text}") } else { text.to_owned() };
    if !zipped {
        return text.into_bytes();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory takes it")
}

/// Every reading of every entry.
fn read(form: Form, bytes: Vec<u8>) -> Result<Vec<String>, Error> {
    let input = source::read(Box::new(Cursor::new(bytes)))
        .map_err(|error| super::flaw::Flaw::from(error).of("the list"))?;
    let wanted = Wanted { column: None, token_column: "token" };
    let mut list = List::of("the list", input, form, &wanted)?;
    let mut found = Vec::new();
    while let Some(chunk) = list.chunk(100)? {
        assert_eq!(chunk.entries.last().map(|entry| *entry as usize + 1), Some(chunk.lines.len()));
        match chunk.tokens {
            Tokens::Uuid(uuids) => found.extend(uuids.iter().map(uuid::Uuid::to_string)),
            Tokens::Bytes(values) => found.extend(values.iter().map(|value| hexadecimal(value))),
            Tokens::Text(texts) => found.extend(texts),
        }
    }
    Ok(found)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    [r"\x".to_owned()].into_iter().chain(digits).collect()
}
