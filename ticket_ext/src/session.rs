//! What has to hold of the session of a call, whatever its target.

use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::statement;
use crate::target::{Target, Wanted};

pub struct Session {
    /// The extension's own schema, quoted.
    pub schema: String,
    pub role: String,
}

impl Session {
    /// A session that can rotate, and the target of its call.
    pub fn check(client: &SpiClient, wanted: Wanted) -> Result<(Self, Target), TicketError> {
        let row = wanted.describe(client)?;
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
        if row.get_by_name::<String, _>("replication_role")?.as_deref() == Some("replica") {
            return Err(TicketError::ReplicaRole);
        }
        Ok((Self::of(&row)?, wanted.target(&row)?))
    }

    /// Any session; it may be read-only.
    pub fn look(client: &SpiClient, wanted: Wanted) -> Result<(Self, Target), TicketError> {
        let row = wanted.describe(client)?;
        Ok((Self::of(&row)?, wanted.target(&row)?))
    }

    fn of(row: &SpiTupleTable) -> Result<Self, TicketError> {
        let (schema, role) = (row.get_by_name("schema")?, row.get_by_name("role")?);
        Ok(Self { schema: schema.unwrap_or_default(), role: role.unwrap_or_default() })
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
