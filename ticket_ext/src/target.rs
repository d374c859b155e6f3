//! The table and token column that a call is about.

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::privileges::{in_own_path, is_security_definer};
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
}

/// The names in a call, or else those of the settings.
pub struct TargetArgs {
    table: Option<RegClass>,
    column: Option<String>,
}

impl TargetArgs {
    pub fn new(table: Option<RegClass>, column: Option<Name>) -> Self {
        Self { table, column: column.map(|Name(name)| name) }
    }

    /// The table's number. A name of the settings is looked up by the caller's search_path.
    pub fn resolve(&self, client: &SpiClient) -> Result<Oid, TicketError> {
        if let Some(RegClass(oid)) = self.table {
            return Ok(oid);
        }
        let name = heeded("ticket_ext.target", settings::target(), settings::DEFAULT_TARGET)?;
        let found = statement::read(
            client,
            "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid",
            &[name.as_str().into()],
        )?;
        found.first().get_one()?.ok_or(TicketError::NoSuchTable { name })
    }

    pub fn column(&self) -> Result<String, TicketError> {
        self.column.clone().map_or_else(
            || heeded("ticket_ext.token_column", settings::token_column(), settings::DEFAULT_TOKEN_COLUMN),
            Ok,
        )
    }

    /// By the table's number: its name as it is now.
    pub fn describe(&self, client: &SpiClient, oid: Oid) -> Result<Target, TicketError> {
        Target::describe(client, oid, self.column()?)
    }
}

impl Target {
    fn describe(client: &SpiClient, oid: Oid, column: String) -> Result<Self, TicketError> {
        let sql = include_str!("queries/target.sql");
        let args = [oid.into(), column.as_str().into()];
        let row = in_own_path(|| statement::read(client, sql, &args))?.first();
        if row.is_empty() {
            return Err(TicketError::NoSuchTable { name: oid.to_u32().to_string() });
        }
        let name = row.get_by_name("name")?.unwrap_or_default();
        let arguments = row.get_by_name("arguments")?.unwrap_or_default();
        Ok(Self { oid, name, column, arguments })
    }

    /// The same table, by the name that it has by now.
    pub fn as_it_is(&self, client: &SpiClient) -> Result<Self, TicketError> {
        Self::describe(client, self.oid, self.column.clone())
    }
}

/// Settings are the caller's of a SECURITY DEFINER function, and must not choose what it overwrites.
fn heeded(setting: &'static str, value: String, default: &str) -> Result<String, TicketError> {
    if is_security_definer() && value != default {
        return Err(TicketError::SettingOfCaller { setting });
    }
    Ok(value)
}
