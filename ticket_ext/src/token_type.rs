//! The type of a token column.

use pgrx::spi::SpiTupleTable;

use crate::error::TicketError;

/// The type of a token column, less domains and lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenKind {
    #[default]
    Uuid,
    Text,
    Bytes,
}

impl TokenKind {
    /// As the extension's functions take it.
    pub fn sql_type(self) -> &'static str {
        match self {
            Self::Uuid => "pg_catalog.uuid",
            Self::Text => "pg_catalog.text",
            Self::Bytes => "pg_catalog.bytea",
        }
    }
}

#[derive(Clone, Default, PartialEq)]
pub struct TokenType {
    pub kind: TokenKind,
    /// As it is declared, and less domains and lengths; as a statement names them.
    pub declared: String,
    pub base: String,
    /// The operator that its index serves.
    pub equals: String,
    /// Whether tokens that differ in case alone are the same.
    pub folds_case: bool,
    /// Whether the extension's functions take it as it is.
    is_plain: bool,
}

impl TokenType {
    /// Err: it is a type for no token.
    pub fn read(row: &SpiTupleTable) -> Result<Result<Self, String>, TicketError> {
        let text = |column: &str| Ok::<String, TicketError>(row.get_by_name(column)?.unwrap_or_default());
        let is = |column: &str| Ok::<bool, TicketError>(row.get_by_name(column)?.unwrap_or_default());
        let declared = text("token_type")?;
        let kind = match text("token_kind")?.as_str() {
            "uuid" => TokenKind::Uuid,
            "text" => TokenKind::Text,
            "bytea" => TokenKind::Bytes,
            _ => return Ok(Err(declared)),
        };
        let (base, equals) = (text("base_type")?, text("equals")?);
        let (folds_case, is_plain) = (is("folds_case")?, is("is_plain")?);
        Ok(Ok(Self { kind, declared, base, equals, folds_case, is_plain }))
    }

    pub fn bytes(&self, column: &str) -> String {
        if self.is_plain { column.to_owned() } else { format!("{column}::{}", self.kind.sql_type()) }
    }

    /// The bytes that are stored, as a bytea.
    pub fn stored_bytes(&self, column: &str) -> String {
        let bytes = self.bytes(column);
        match self.kind {
            TokenKind::Uuid => format!("pg_catalog.uuid_send({bytes})"),
            TokenKind::Text => format!("pg_catalog.convert_to({bytes}, pg_catalog.getdatabaseencoding())"),
            TokenKind::Bytes => bytes,
        }
    }

    /// What has such bytes, to be compared with a token by what is immutable.
    pub fn of_stored_bytes(&self, bytes: &str) -> String {
        match self.kind {
            TokenKind::Text => format!("pg_catalog.convert_from({bytes}, pg_catalog.getdatabaseencoding())"),
            _ => bytes.to_owned(),
        }
    }

    /// Whether a column's token is exactly another one, of stored bytes.
    pub fn same(&self, column: &str, other: &str) -> String {
        let bytes = self.bytes(column);
        match self.kind {
            TokenKind::Uuid => format!("pg_catalog.uuid_send({bytes}) OPERATOR(pg_catalog.=) {other}"),
            TokenKind::Text => format!("{bytes} OPERATOR(pg_catalog.=) {other} COLLATE pg_catalog.\"C\""),
            TokenKind::Bytes => format!("{bytes} OPERATOR(pg_catalog.=) {other}"),
        }
    }

    /// A ticket without a token has NULL, or an empty text.
    pub fn lacks(&self, column: &str, nullable: bool) -> String {
        let is_null = nullable.then(|| format!("{column} IS NULL"));
        let is_empty = (self.kind == TokenKind::Text)
            .then(|| format!("{} OPERATOR(pg_catalog.=) ''::pg_catalog.text", self.bytes(column)));
        let conditions: Vec<String> = is_null.into_iter().chain(is_empty).collect();
        if conditions.is_empty() { "false".to_owned() } else { conditions.join(" OR ") }
    }
}
