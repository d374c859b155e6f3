//! The fields of a record.

use std::borrow::Cow;

pub type Field<'a> = Cow<'a, [u8]>;

/// With the quotes undone. None: one is open at the end.
pub fn split(record: &[u8], delimiter: Option<u8>) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    let mut rest = Some(record);
    while let Some(text) = rest {
        let (field, after) = first(text, delimiter)?;
        fields.push(field);
        rest = after;
    }
    Some(fields)
}

/// A quote is a character like any other.
pub fn split_plainly(record: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    record.split(move |byte| *byte == delimiter)
}

/// Without white space, byte order marks and zero-width spaces around it, nor a pair of single quotes.
pub fn bare(text: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{feff}');
    let text = text.trim_matches(blank);
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.map_or(text, |inner| inner.trim_matches(blank))
}

/// The first field, and what comes behind the delimiter.
fn first(text: &[u8], delimiter: Option<u8>) -> Option<(Field<'_>, Option<&[u8]>)> {
    let without_spaces = |text| if delimiter == Some(b' ') { text } else { without_spaces(text) };
    if let Some(quoted) = without_spaces(text).strip_prefix(b"\"") {
        let (field, after) = unquoted(quoted)?;
        match without_spaces(after) {
            [] => return Some((field, None)),
            [byte, rest @ ..] if Some(*byte) == delimiter => return Some((field, Some(rest))),
            // The quotes are part of it.
            _ => {}
        }
    }
    let end = text.iter().position(|byte| Some(*byte) == delimiter);
    Some(match end {
        Some(end) => (Cow::Borrowed(&text[..end]), Some(&text[end + 1..])),
        None => (Cow::Borrowed(text), None),
    })
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    &text[spaces..]
}

/// Up to the quote that closes it, and the rest. A doubled quote stands for one.
fn unquoted(text: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let mut end = 0;
    loop {
        end += text[end..].iter().position(|byte| *byte == b'"')?;
        if text.get(end + 1) != Some(&b'"') {
            break;
        }
        end += 2;
    }
    let content = &text[..end];
    let doubled = content.contains(&b'"');
    let field = if doubled { Cow::Owned(undoubled(content)) } else { Cow::Borrowed(content) };
    Some((field, &text[end + 1..]))
}

fn undoubled(content: &[u8]) -> Vec<u8> {
    let mut quotes = 0;
    let keeps = |byte: &u8| {
        quotes += usize::from(*byte == b'"');
        *byte != b'"' || quotes % 2 == 1
    };
    content.iter().copied().filter(keeps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joined by line ends.
    fn fields(record: &str, delimiter: u8) -> Option<String> {
        let fields = split(record.as_bytes(), Some(delimiter))?;
        let text = |field: &Field| String::from_utf8_lossy(field).into_owned();
        Some(fields.iter().map(text).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn quotes_hold_delimiters_and_doubled_quotes() {
        let cases = [
            ("a,b,", b',', "a\nb\n"),
            (r#""a,""b""" , c"#, b',', "a,\"b\"\n c"),
            (r#"a "b",c"#, b',', "a \"b\"\nc"),
            (r#""a"b,c"#, b',', "\"a\"b\nc"),
            ("\"a\tb\"\tc", b'\t', "a\tb\nc"),
            (r#""a b" c"#, b' ', "a b\nc"),
        ];
        for (record, delimiter, expected) in cases {
            assert_eq!(fields(record, delimiter).as_deref(), Some(expected), "{record}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told() {
        assert_eq!(fields(r#"a,"b,c"#, b','), None);
        assert_eq!(fields(r#"a,"b""#, b',').as_deref(), Some("a\nb"));
        assert_eq!(fields(r#"a,"b"""#, b','), None);
    }

    #[test]
    fn what_was_pasted_around_a_token_is_taken_off() {
        assert_eq!(bare("\u{feff} 'ab c'\u{a0}"), "ab c");
        assert_eq!(bare("'ab"), "'ab");
        assert_eq!(bare("'"), "'");
    }
}
