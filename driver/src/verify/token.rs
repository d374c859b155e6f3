//! How a leaked token is written in a list, by the type of the token column.

use postgres::types::{ToSql, Type};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Uuid,
    /// `\x` and hexadecimal digits, as PostgreSQL prints a bytea.
    Hexadecimal,
    Text,
}

impl Form {
    pub fn of(column_type: &str) -> Self {
        match column_type {
            "uuid" => Self::Uuid,
            "bytea" => Self::Hexadecimal,
            _ => Self::Text,
        }
    }

    /// The type of the column that holds the list.
    pub fn column(self) -> Type {
        match self {
            Self::Uuid => Type::UUID,
            Self::Hexadecimal | Self::Text => Type::TEXT,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID",
            Self::Hexadecimal => "\\x and pairs of hexadecimal digits",
            Self::Text => "text in UTF-8",
        }
    }

    /// None: this is no token.
    pub fn parse(self, field: &[u8]) -> Option<Box<dyn ToSql + Sync>> {
        match self {
            Self::Uuid => Some(Box::new(Uuid::try_parse_ascii(field).ok()?)),
            Self::Hexadecimal => Some(Box::new(hexadecimal(field)?)),
            Self::Text => Some(Box::new(text(field)?)),
        }
    }
}

fn hexadecimal(field: &[u8]) -> Option<String> {
    let digits = field.strip_prefix(br"\x")?;
    let complete = digits.len() % 2 == 0 && digits.iter().all(u8::is_ascii_hexdigit);
    text(field).filter(|_| complete).map(|field| field.to_lowercase())
}

/// PostgreSQL's text holds no NUL.
fn text(field: &[u8]) -> Option<String> {
    let text = String::from_utf8(field.to_vec()).ok()?;
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(form: Form, fields: &[&str]) -> Vec<bool> {
        fields.iter().map(|field| form.parse(field.as_bytes()).is_some()).collect()
    }

    #[test]
    fn a_uuid_may_have_any_of_its_usual_forms() {
        let uuid = "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6";
        let fields = [uuid, &uuid.replace('-', ""), &format!("{{{uuid}}}"), &uuid[1..], "token", ""];
        assert_eq!(accepted(Form::Uuid, &fields), [true, true, true, false, false, false]);
    }

    #[test]
    fn bytes_are_hexadecimal_and_compared_in_lower_case() {
        assert_eq!(
            accepted(Form::Hexadecimal, &[r"\x0Aff", r"\x0", "0aff", r"\xzz"]),
            [true, false, false, false]
        );
        assert_eq!(hexadecimal(br"\x0Aff").as_deref(), Some(r"\x0aff"));
    }

    #[test]
    fn text_is_anything_but_nothing() {
        assert_eq!(accepted(Form::Text, &["tok_1", "ü", "", "a\0b"]), [true, true, false, false]);
        assert!(Form::Text.parse(b"\xff").is_none());
    }
}
