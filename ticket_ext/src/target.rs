//! The table and token column that a call is about.

use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::types::{Name, RegClass};
use crate::{settings, statement};

pub struct Target {
    pub oid: Oid,
    /// Schema and table, quoted.
    pub name: String,
    /// The column's plain name.
    pub column: String,
    /// Both as the arguments of a call, to be pasted.
    pub arguments: String,
    /// Whether policies may hide tickets from this role.
    pub row_security: bool,
}

/// The names in a call, or else those of the settings.
pub struct Wanted {
    table: Option<RegClass>,
    name: String,
    column: String,
}

impl Wanted {
    pub fn new(table: Option<RegClass>, column: Option<Name>) -> Self {
        let column = column.map_or_else(settings::token_column, |Name(name)| name);
        Self { table, name: settings::target(), column }
    }

    /// One row, also where there is no such table.
    pub fn describe<'conn>(&self, client: &SpiClient<'conn>) -> Result<SpiTupleTable<'conn>, TicketError> {
        let oid = self.table.as_ref().map(|RegClass(oid)| *oid);
        let args = [oid.into(), self.name.as_str().into(), self.column.as_str().into()];
        Ok(statement::read(client, include_str!("queries/session.sql"), &args)?.first())
    }

    pub fn target(self, row: &SpiTupleTable) -> Result<Target, TicketError> {
        let Some(oid) = row.get_by_name("target")? else {
            let name = self.table.map_or(self.name, |RegClass(oid)| oid.to_u32().to_string());
            return Err(TicketError::NoSuchTable { name });
        };
        let name = row.get_by_name("name")?.unwrap_or_default();
        let arguments = row.get_by_name("arguments")?.unwrap_or_default();
        let row_security = row.get_by_name("row_security")?.unwrap_or_default();
        Ok(Target { oid, name, column: self.column, arguments, row_security })
    }
}
