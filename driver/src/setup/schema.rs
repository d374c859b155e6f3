//! The name of the schema that the edition gets.

use std::str::FromStr;

/// As it is, not quoted. It also stands in literals and function bodies, so what could end one of them is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaName(String);

impl SchemaName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SchemaName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let ends_something = |c: char| "\"'$\\@".contains(c) || c.is_control();
        let reason = match name {
            "" => "it is empty",
            "public" => "others may create objects there: take a schema of its own",
            "information_schema" => "it is the server's",
            _ if name.starts_with("pg_") => "it is the server's",
            _ if name.len() > 63 => "it is longer than 63 bytes",
            _ if name.contains(ends_something) => {
                "it holds a quote, $, @, a backslash or a control character"
            }
            _ => return Ok(Self(name.to_owned())),
        };
        Err(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_its_own_has_nearly_any_name() {
        for name in ["ticket_ext", "Rotation of Tickets", "Drehung-ü"] {
            assert_eq!(name.parse::<SchemaName>().map(|schema| schema.as_str().to_owned()), Ok(name.into()));
        }
    }

    #[test]
    fn shared_schemas_and_names_that_end_a_quotation_are_refused() {
        for name in
            ["", "public", "pg_catalog", "pg_temp_1", "information_schema", "a\"b", "a'b", "$a$", "a@b"]
        {
            assert!(name.parse::<SchemaName>().is_err(), "{name}");
        }
        assert!("a\nb".parse::<SchemaName>().is_err() && "x".repeat(64).parse::<SchemaName>().is_err());
    }
}
