//! What new tokens look like.

mod alphabet;
mod choose;
mod crowd;
mod field;
mod function;
mod lead;
mod looks_like;
mod making;
mod source;
mod trial;

use crate::error::TicketError;
use crate::token;
use field::Field;

pub use choose::{Wish, choose};
pub use function::Function;
pub use lead::Lead;
pub use making::Making;
pub use source::Source;

/// As it is kept in the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Of version 4; in a bytea its 16 bytes.
    Uuid,
    /// Those of a batch have nothing in common.
    IndependentUuid,
    Template(Vec<Field>),
    /// Of a bytea.
    Bytes(usize),
    Function(Function),
}

impl Format {
    /// The error is what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(function) = text.strip_prefix("function:") {
            return Function::parse(function).map(Self::Function);
        }
        if text == "uuid" {
            return Ok(Self::Uuid);
        }
        let fields = field::parse(text)?;
        match fields[..] {
            [Field::Uuid] => Ok(Self::IndependentUuid),
            [Field::Bytes(count)] => Ok(Self::Bytes(count)),
            _ if fields.iter().any(|field| matches!(field, Field::Bytes(_))) => {
                Err("bytes stand alone".to_owned())
            }
            _ => Ok(Self::Template(fields)),
        }
    }

    /// As the start of the run has kept it.
    pub fn of_run(text: Option<String>) -> Result<Self, TicketError> {
        let text = text.unwrap_or_default();
        Self::parse(&text).map_err(|fault| TicketError::BadFormat {
            format: text,
            fault,
            call: String::new(),
        })
    }

    /// A new token. A function is called by the statement itself.
    pub fn text(&self, lead: Lead) -> Result<String, TicketError> {
        match self {
            Self::Template(fields) => field::fill(fields),
            _ => Ok(lead.uuid()?.to_string()),
        }
    }

    /// As `text`, for a bytea.
    pub fn bytes(&self, lead: Lead) -> Result<Vec<u8>, TicketError> {
        match self {
            Self::Template(fields) => Ok(field::fill(fields)?.into_bytes()),
            Self::Bytes(count) => {
                let mut bytes = Vec::with_capacity(count + 16);
                while bytes.len() < *count {
                    bytes.extend(token::random::<16>()?);
                }
                bytes.truncate(*count);
                Ok(bytes)
            }
            _ => Ok(lead.uuid()?.as_bytes().to_vec()),
        }
    }

    /// Random bits of a token; None where only its function knows.
    pub fn bits(&self, folds_case: bool) -> Option<f64> {
        match self {
            Self::Uuid | Self::IndependentUuid => Some(field::UUID_BITS),
            Self::Template(fields) => Some(fields.iter().map(|field| field.bits(folds_case)).sum()),
            Self::Bytes(count) => Some(8.0 * *count as f64),
            Self::Function(_) => None,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Uuid => write!(f, "uuid"),
            Self::IndependentUuid => write!(f, "{{uuid}}"),
            Self::Template(fields) => fields.iter().try_for_each(|field| field.fmt(f)),
            Self::Bytes(count) => write!(f, "{{bytes:{count}}}"),
            Self::Function(function) => write!(f, "function:{function}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_kept_as_they_are_written() {
        for text in [
            "uuid",
            "sk_live_{base62:32}",
            "{hex:8}-{HEX:4}.{digits:6}",
            "{uuid}",
            "tok_{uuid}",
            "{bytes:32}",
            "function:app.new_key",
            "function:\"App\".new_key(text)",
        ] {
            assert_eq!(Format::parse(text).map(|format| format.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wrong) in [
            ("", "it is empty"),
            ("sk_live", "it has no random field"),
            ("{base61:8}", "there is no field {base61:8}"),
            ("{hex}", "field {hex} lacks its length"),
            ("{hex:0}", "the length of {hex:0} is not between 1 and 1000"),
            ("{hex:1001}", "the length of {hex:1001} is not between 1 and 1000"),
            ("{hex:-1}", "the length of {hex:-1} is not between 1 and 1000"),
            ("{uuid:4}", "field {uuid:4} has no length"),
            ("a{hex:8", "a { has no }"),
            ("a}{hex:8}", "a } has no {"),
            ("a{bytes:8}", "bytes stand alone"),
            ("function:", "it names no function"),
        ] {
            assert_eq!(Format::parse(text), Err(wrong.to_owned()), "{text}");
        }
    }

    #[test]
    fn bits_are_those_of_the_characters_to_choose_from() {
        let bits = |text: &str, folds_case| Format::parse(text).unwrap().bits(folds_case).unwrap().round();
        assert_eq!(bits("sk_live_{base62:32}", false), 191.0);
        assert_eq!(bits("sk_live_{base62:32}", true), 165.0);
        assert_eq!(bits("{hex:16}{bytes:4}".split_at(8).0, true), 64.0);
        assert_eq!(bits("tok_{uuid}", false), 122.0);
        assert_eq!(bits("{bytes:12}", false), 96.0);
    }
}
