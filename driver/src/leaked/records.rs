//! Records: lines of fields. Within quotes a record goes on over several lines.

use super::fields::{Field, bare, split, split_plainly};
use super::flaw::Flaw;
use super::lines::{LONGEST, Line};

/// Those of a list of tokens are CSV's, the tab of COPY, and what people put between two columns.
pub const DELIMITERS: [u8; 6] = [b',', b'\t', b';', b'|', b':', b' '];
/// These divide a line also where another one of them occurs. A colon and a space are too common for that.
pub const STRONG: &[u8] = DELIMITERS.split_at(4).0;

/// The record that begins with `line`, under the number of its first line.
pub fn record(
    mut line: Line,
    delimiter: Option<u8>,
    mut next: impl FnMut() -> Result<Option<Line>, Flaw>,
) -> Result<Line, Flaw> {
    let first = line.text.len();
    let flaw = |reason: &str| Err(Flaw::Line(line.number, format!("a quote that opens there {reason}")));
    while is_open(&line.text, delimiter) {
        loop {
            let Some(more) = next()? else { return flaw("never closes") };
            line.text.push(b'\n');
            line.text.extend_from_slice(&more.text);
            if line.text.len() > LONGEST {
                return flaw("does not close within 1 MB");
            }
            if more.text.contains(&b'"') {
                break;
            }
        }
    }
    let spans = line.text.len() > first;
    let badly = |field: &Field| field.contains(&b'\n') && has_stray_quote(field);
    if spans && fields(&line.text, delimiter).iter().any(badly) {
        return flaw("closes in the midst of a field");
    }
    Ok(line)
}

/// One that neither encloses the field nor is doubled within such quotes.
pub fn has_stray_quote(field: &Field) -> bool {
    matches!(field, Field::Borrowed(text) if text.contains(&b'"'))
}

/// Only CSV quotes a field with a line end: in what COPY writes a quote is a character like any other.
fn is_open(text: &[u8], delimiter: Option<u8>) -> bool {
    matches!(delimiter, Some(b',' | b';')) && text.contains(&b'"') && split(text, delimiter).is_none()
}

pub fn fields(text: &[u8], delimiter: Option<u8>) -> Vec<Field<'_>> {
    let plainly = || match delimiter {
        Some(delimiter) => split_plainly(text, delimiter).map(Field::from).collect(),
        None => vec![Field::from(text)],
    };
    split(text, delimiter).unwrap_or_else(plainly)
}

/// Nothing, or COPY's NULL.
pub fn is_blank(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| matches!(bare(text), "" | r"\N"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[&str], delimiter: u8) -> Result<(u64, String), Flaw> {
        let mut lines =
            (1..).zip(lines).map(|(number, text)| Line { number, text: text.as_bytes().to_vec() });
        let first = lines.next().expect("a line");
        let record = record(first, Some(delimiter), || Ok(lines.next()))?;
        Ok((record.number, String::from_utf8(record.text).expect("text")))
    }

    #[test]
    fn a_quoted_field_of_csv_goes_on_over_lines() {
        let lines = ["a,\"b", "c", "\"\"d\",e", "f"];
        assert_eq!(joined(&lines, b',').expect("a record"), (1, "a,\"b\nc\n\"\"d\",e".to_owned()));
        assert_eq!(joined(&["a\t\"b", "c\""], b'\t').expect("a record"), (1, "a\t\"b".to_owned()));
    }

    #[test]
    fn quotes_that_never_close_or_not_with_the_field_are_an_error_of_their_line() {
        for lines in [&["\"a", "b"][..], &["a;\"", "b;\"\"", "c"], &["\"a", "b\"c;d"]] {
            assert!(matches!(joined(lines, b';'), Err(Flaw::Line(1, _))), "{lines:?}");
        }
    }

    #[test]
    fn what_holds_no_token_is_told_from_what_is_none() {
        let fields = ["", " \u{feff}", r"\N", "0"].map(|field| is_blank(field.as_bytes()));
        assert_eq!(fields, [true, true, true, false]);
    }
}
