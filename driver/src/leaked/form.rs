//! What a token of the column looks like in a list.

use postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::fields::bare;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Uuid,
    /// `\x` and hexadecimal digits, as PostgreSQL prints a bytea.
    Bytes,
    /// The longest, where the column has a limit, in characters.
    Text(Option<usize>),
}

/// Tokens of one form, to be bound as an array: none becomes part of a statement's text.
pub enum Tokens {
    Uuid(Vec<Uuid>),
    Bytes(Vec<Vec<u8>>),
    Text(Vec<String>),
}

impl Form {
    pub fn expected(self) -> String {
        match self {
            Self::Uuid => "a UUID is expected".to_owned(),
            Self::Bytes => r"\x and pairs of hexadecimal digits are expected".to_owned(),
            Self::Text(None) => "text in UTF-8 is expected".to_owned(),
            Self::Text(Some(longest)) => {
                format!("text in UTF-8 of at most {longest} characters is expected")
            }
        }
    }

    pub fn is_token(self, field: &[u8]) -> bool {
        self.read(field, 0, &mut Tokens::new(self))
    }

    /// Adds the token, if it is one. Where a text may be stored in one of several spellings, all of them are added,
    /// but each once for the entry of the list whose tokens begin at `entry`.
    pub fn read(self, field: &[u8], entry: usize, tokens: &mut Tokens) -> bool {
        let Ok(text) = std::str::from_utf8(field) else { return false };
        match tokens {
            Tokens::Uuid(uuids) => uuid(bare(text)).map(|uuid| uuids.push(uuid)).is_some(),
            Tokens::Bytes(values) => bytes(bare(text)).map(|value| values.push(value)).is_some(),
            Tokens::Text(texts) => {
                let before = texts.len();
                spellings(text, &mut |text| {
                    if self.fits(text) && !texts[entry..].iter().any(|other| other == text) {
                        texts.push(text.to_owned());
                    }
                });
                texts.len() > before
            }
        }
    }

    /// PostgreSQL's text holds no NUL.
    fn fits(self, text: &str) -> bool {
        let Self::Text(longest) = self else { return false };
        !text.trim().is_empty()
            && !text.contains('\0')
            && longest.is_none_or(|longest| text.chars().count() <= longest)
    }
}

impl Tokens {
    pub fn new(form: Form) -> Self {
        match form {
            Form::Uuid => Self::Uuid(Vec::new()),
            Form::Bytes => Self::Bytes(Vec::new()),
            Form::Text(_) => Self::Text(Vec::new()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Uuid(uuids) => uuids.len(),
            Self::Bytes(values) => values.len(),
            Self::Text(texts) => texts.len(),
        }
    }

    pub fn parameter(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Uuid(uuids) => (uuids, Type::UUID_ARRAY),
            Self::Bytes(values) => (values, Type::BYTEA_ARRAY),
            Self::Text(texts) => (texts, Type::TEXT_ARRAY),
        }
    }
}

/// As it is written, without what is around it, also half a pair of quotes, as COPY escapes it, and a UUID in the usual
/// spellings.
fn spellings(text: &str, add: &mut dyn FnMut(&str)) {
    let bare = bare(text);
    add(text);
    add(bare);
    add(bare.trim_matches('"'));
    if bare.contains(r"\\") {
        add(&bare.replace(r"\\", r"\"));
    }
    if let Some(uuid) = uuid(bare) {
        let (dashed, simple) = (uuid.hyphenated().to_string(), uuid.simple().to_string());
        [dashed.to_uppercase(), simple.to_uppercase(), dashed, simple].iter().for_each(|text| add(text));
    }
}

/// 32 hexadecimal digits in whatever way they are grouped, with a prefix or braces or without.
fn uuid(text: &str) -> Option<Uuid> {
    let urn = text.get(..9).filter(|start| start.eq_ignore_ascii_case("urn:uuid:"));
    let text = urn.map_or(text, |urn| &text[urn.len()..]);
    let braced = text.strip_prefix('{').map(|text| text.strip_suffix('}'));
    let text = braced.or_else(|| Some(text.strip_prefix('(')?.strip_suffix(')'))).unwrap_or(Some(text))?;
    let mut number = 0;
    let mut digits = 0;
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        number = number << 4 | u128::from((byte as char).to_digit(16)?);
        digits += 1;
    }
    (digits == 32).then(|| Uuid::from_u128(number))
}

/// COPY doubles the backslash.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(r"\\x").or_else(|| text.strip_prefix(r"\x"))?.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8);
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6";

    fn texts(field: &str, longest: Option<usize>) -> Vec<String> {
        let form = Form::Text(longest);
        let mut tokens = Tokens::new(form);
        let read = form.read(field.as_bytes(), 0, &mut tokens);
        let Tokens::Text(texts) = tokens else { panic!("tokens of another form") };
        assert_eq!(read, !texts.is_empty());
        texts
    }

    #[test]
    fn a_uuid_is_the_same_token_in_every_spelling() {
        let simple = UUID.replace('-', "");
        let spellings = [
            UUID,
            &UUID.to_lowercase(),
            &simple,
            &format!("{{{UUID}}}"),
            &format!("({simple})"),
            &format!("URN:uuid:{UUID}"),
            &format!(" '{UUID}'\u{200b}"),
            "f81d-4fae-7dec-11d0-a765-00a0-c91e-6bf6",
        ];
        for spelling in spellings {
            let mut tokens = Tokens::new(Form::Uuid);
            assert!(Form::Uuid.read(spelling.as_bytes(), 0, &mut tokens), "{spelling}");
            assert!(matches!(&tokens, Tokens::Uuid(uuids) if uuids == &[Uuid::try_parse(UUID).unwrap()]));
        }
        for other in
            ["", "token", &UUID[1..], &format!("{UUID}0"), &format!("{{{UUID}"), &simple.replace('0', "g")]
        {
            assert!(!Form::Uuid.is_token(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn bytes_are_hexadecimal_behind_a_backslash_that_copy_doubles() {
        for text in [r"\x0Aff", r"\\x0aFF"] {
            assert_eq!(bytes(text), Some(vec![10, 255]), "{text}");
        }
        for text in [r"\x0", "0aff", r"\xzz", r"x0aff", r"\\\x0aff"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_in_a_column_of_text_is_looked_for_as_it_may_be_stored() {
        let braced = format!("{{{UUID}}}");
        let (lower, simple) = (UUID.to_lowercase(), UUID.replace('-', ""));
        let all = texts(&braced, None);
        for spelling in [&braced, UUID, &lower, &simple, &simple.to_lowercase()] {
            assert!(all.iter().any(|text| text == spelling), "{spelling} is missing in {all:?}");
        }
        assert_eq!(texts(UUID, Some(35)), [simple.clone(), simple.to_lowercase()]);
    }

    #[test]
    fn text_is_anything_that_the_column_can_hold() {
        assert_eq!(texts("tok_1", None), ["tok_1"]);
        assert_eq!(texts(" ü ", Some(1)), ["ü"]);
        assert_eq!(texts(r"a\\b", None), [r"a\\b", r"a\b"]);
        assert!(
            texts("", None).is_empty() && texts("a\0b", None).is_empty() && texts("abc", Some(2)).is_empty()
        );
        assert!(!Form::Text(None).is_token(b"\xff"));
    }
}
