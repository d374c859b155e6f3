//! What is rotated, and where: the first that a run says, so that a wrong server is noticed before its tokens change.

use indicatif::HumanCount;
use postgres::types::Type;
use serde_json::{Value, json};

use super::Session;
use crate::error::Error;

/// Names are quoted as in SQL, but for that of the column.
pub struct Place {
    table: String,
    token_column: String,
    database: String,
    server: String,
    role: String,
    /// Schemas that have another table of this name.
    namesakes: Vec<String>,
}

impl Place {
    pub fn of(session: &mut Session) -> Result<Self, Error> {
        let target = session.target().clone();
        let [table, _] = target.parameters();
        let row = session.row(include_str!("../sql/place.sql"), &[table, (&target.table, Type::TEXT)])?;
        Ok(Self {
            table: row.get("table"),
            token_column: target.token_column,
            database: row.get("database"),
            server: session.server().to_owned(),
            role: row.get("role"),
            namesakes: row.get("namesakes"),
        })
    }

    pub fn text(&self, tickets: i64) -> String {
        let Self { table, token_column, database, server, role, .. } = self;
        let tickets = HumanCount(tickets.max(0) as u64);
        format!("rotating {table} ({token_column}), {tickets} tickets, in {database} at {server} as {role}")
    }

    pub fn json(&self) -> [(&'static str, Value); 5] {
        [
            ("target", json!(self.table)),
            ("token_column", json!(self.token_column)),
            ("database", json!(self.database)),
            ("server", json!(self.server)),
            ("role", json!(self.role)),
        ]
    }

    /// Search_path has chosen among tables of the same name, maybe another one than was meant.
    pub fn ambiguity(&self) -> Option<String> {
        let (table, schemas) = (&self.table, self.namesakes.join(", "));
        let text = || {
            format!("other schemas have a table of this name, too: {schemas}; to be sure: --table {table}")
        };
        (!self.namesakes.is_empty()).then(text)
    }
}
