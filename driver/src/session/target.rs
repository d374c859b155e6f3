//! What is rotated.

use postgres::types::{ToSql, Type};
use postgres::{Row, Transaction};

use crate::error::Error;

pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The table and column that the names or the server's settings led to. Every call names them, so that
/// settings which change under way lead to no other table.
#[derive(Clone, Debug)]
pub struct Target {
    oid: u32,
    pub table: String,
    pub token_column: String,
}

impl Target {
    /// `$1` and `$2` of every statement about it.
    pub fn parameters(&self) -> [Parameter<'_>; 2] {
        [(&self.oid, Type::OID), (&self.token_column, Type::TEXT)]
    }

    /// A name may lead to another table than before. Rotating that one would be no continuation.
    pub fn expect(&self, before: &Self) -> Result<(), Error> {
        if (self.oid, &self.token_column) == (before.oid, &before.token_column) {
            return Ok(());
        }
        Err(Error::TargetChanged { before: before.described(), now: self.described() })
    }

    /// In a transaction that has locked the table, and so keeps it from being renamed.
    pub fn confirm(&self, transaction: &mut Transaction) -> Result<(), Error> {
        let names = [(&self.table as _, Type::TEXT), (&self.token_column as _, Type::TEXT)];
        let row = transaction.query_typed_one(include_str!("../sql/target.sql"), &names)?;
        Self::try_from(&row)?.expect(self)
    }

    fn described(&self) -> String {
        format!("table {} (oid {}), column {}", self.table, self.oid, self.token_column)
    }
}

impl TryFrom<&Row> for Target {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        let table: String = row.get("target");
        match row.get("target_oid") {
            Some(oid) => Ok(Self { oid, table, token_column: row.get("token_column") }),
            None => Err(Error::TableMissing(table)),
        }
    }
}
