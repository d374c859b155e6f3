//! What has to hold of the session, whatever its target.

use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::statement;

pub struct Session {
    /// The extension's own schema, quoted.
    pub schema: String,
}

impl Session {
    pub fn check(client: &SpiClient) -> Result<Self, TicketError> {
        let row = statement::read(client, include_str!("queries/session.sql"), &[])?.first();
        let isolation: String = row.get_by_name("isolation")?.unwrap_or_default();
        if row.get_by_name("standby")? == Some(true) {
            return Err(TicketError::Standby);
        }
        if row.get_by_name("read_only")? == Some(true) {
            return Err(TicketError::ReadOnly);
        }
        if isolation != "read committed" {
            return Err(TicketError::Isolation { level: isolation.to_uppercase() });
        }
        Ok(Self { schema: row.get_by_name("schema")?.unwrap_or_default() })
    }

    /// The statement with the extension's schema filled in.
    pub fn sql(&self, text: &str) -> String {
        statement::fill(text, &[("extschema", &self.schema)])
    }

    /// A call of one of the extension's functions, to be pasted.
    pub fn call(&self, function: &str, arguments: &str) -> String {
        format!("SELECT {}.{function}({arguments});", self.schema)
    }
}
