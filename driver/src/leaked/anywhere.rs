//! A list of text that nobody has said the layout of: each way to read a line is looked for.

use super::fields::{Field, split_plainly};
use super::flaw::Flaw;
use super::form::{Form, Tokens};
use super::lines::Line;
use super::records::{DELIMITERS, STRONG, fields};

/// Of one line. Wider lists are not read by guesses.
const MOST: usize = 256;

pub fn read(line: &Line, form: Form, tokens: &mut Tokens) -> Result<(), Flaw> {
    let entry = tokens.len();
    if let Some(reason) = refusal(&line.text) {
        return Err(Flaw::Line(line.number, reason.to_owned()));
    }
    for field in readings(&line.text) {
        form.read(&field, entry, tokens);
        if tokens.len() - entry > MOST {
            return Err(Flaw::Line(
                line.number,
                "it has too many fields to look for each of them".to_owned(),
            ));
        }
    }
    if tokens.len() == entry {
        return Err(Flaw::Line(line.number, form.expected()));
    }
    Ok(())
}

/// What cannot be read a line at a time, as a token in quotes beside a quoted line end.
fn refusal(text: &[u8]) -> Option<&'static str> {
    let json = [&b"{\""[..], b"[\"", b"[{"].iter().any(|start| text.trim_ascii().starts_with(start));
    if json || matches!(text.trim_ascii(), b"{" | b"[") {
        return Some("lines of tokens are expected, not JSON");
    }
    let quotes = text.iter().filter(|byte| **byte == b'"').count();
    let ends = [text.trim_ascii().first(), text.trim_ascii().last()].contains(&Some(&b'"'));
    let unpaired = quotes % 2 == 1 && (ends || text.iter().any(|byte| STRONG.contains(byte)));
    unpaired.then_some("its quotes do not pair up")
}

/// The whole line, and its fields by every delimiter that occurs in it, with quotes as in CSV and without.
fn readings(text: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let strong = text.iter().any(|byte| STRONG.contains(byte));
    let delimiters = if strong { STRONG } else { &DELIMITERS[..] };
    let divided = delimiters.iter().filter(|delimiter| text.contains(delimiter)).flat_map(move |delimiter| {
        let plainly = split_plainly(text, *delimiter).filter(|_| text.contains(&b'"')).map(Field::from);
        fields(text, Some(*delimiter)).into_iter().chain(plainly)
    });
    fields(text, None).into_iter().chain([Field::from(text)]).chain(divided)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(lines: &[&str]) -> Result<Vec<String>, Flaw> {
        let mut tokens = Tokens::new(Form::Text(None));
        for (number, text) in (1..).zip(lines) {
            read(&Line { number, text: text.as_bytes().to_vec() }, Form::Text(None), &mut tokens)?;
        }
        let Tokens::Text(texts) = tokens else { panic!("tokens of another form") };
        Ok(texts)
    }

    #[test]
    fn each_way_to_read_a_line_is_looked_for() {
        let cases = [
            ("ab", &["ab"][..]),
            ("ab,cd", &["ab,cd", "ab", "cd"]),
            ("\"ab\"\"c\"", &["ab\"c", "\"ab\"\"c\""]),
            ("7\tab\t", &["7\tab\t", "7\tab", "7", "ab"]),
            ("\"a;b\",7", &["a;b", "7"]),
            ("ann@host:ab cd", &["ann@host", "ab cd", "ann@host:ab", "cd"]),
        ];
        for (line, expected) in cases {
            let found = read_all(&[line]).expect("a line of text");
            assert!(expected.iter().all(|text| found.iter().any(|other| other == text)), "{line}: {found:?}");
        }
        assert_eq!(read_all(&["ab", "ab"]).expect("lines of text"), ["ab", "ab"]);
    }

    #[test]
    fn a_quote_that_stays_open_is_an_error_and_one_within_a_token_is_not() {
        for text in ["\"ab", "1,\"ab", "1;\"\"\"ab", "1,2\",\"3\""] {
            assert_eq!(read_all(&["cd", text]).err().map(line), Some(2), "{text}");
        }
        assert!(read_all(&["a\"b", "\"a;b\",c"]).is_ok());
    }

    #[test]
    fn what_is_no_list_of_tokens_is_an_error() {
        for other in ["{\"token\": \"ab\"}", " [", "[\"ab\"]", "\0"] {
            assert_eq!(read_all(&["ab", other]).err().map(line), Some(2), "{other}");
        }
        assert_eq!(read_all(&[&"a,b".repeat(400)]).err().map(line), None);
        let wide: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        assert_eq!(read_all(&[&wide.join(",")]).err().map(line), Some(1));
    }

    fn line(flaw: Flaw) -> u64 {
        let Flaw::Line(line, _) = flaw else { panic!("{flaw:?}") };
        line
    }
}
