//! The table and token column that a call is about.

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;

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

impl Target {
    pub fn find(
        client: &SpiClient,
        table: Option<RegClass>,
        column: Option<Name>,
    ) -> Result<Self, TicketError> {
        let oid = match table {
            Some(RegClass(oid)) => oid,
            None => look_up(client, settings::target())?,
        };
        let column = column.map_or_else(settings::token_column, |Name(name)| name);
        let args = [oid.into(), column.as_str().into()];
        let row = statement::read(client, include_str!("queries/target.sql"), &args)?.first();
        if row.is_empty() {
            return Err(TicketError::NoSuchTable { name: oid.to_u32().to_string() });
        }
        let name = row.get_by_name("name")?.unwrap_or_default();
        let arguments = row.get_by_name("arguments")?.unwrap_or_default();
        let row_security = row.get_by_name("row_security")?.unwrap_or_default();
        Ok(Self { oid, name, column, arguments, row_security })
    }
}

fn look_up(client: &SpiClient, name: String) -> Result<Oid, TicketError> {
    let row = statement::read(client, "SELECT to_regclass($1)::oid", &[name.as_str().into()])?.first();
    row.get_one()?.ok_or(TicketError::NoSuchTable { name })
}
