//! What has to hold of the session of a call, whatever its target.

use std::ffi::CStr;

use pgrx::datum::DatumWithOid;
use pgrx::pg_catalog::pg_proc::PgProc;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::encoding::from_server;
use crate::error::TicketError;
use crate::lock_wait::within_seconds;
use crate::privileges::{as_extension_owner, in_own_path};
use crate::statement;

pub struct Session {
    /// The extension's own schema, quoted.
    pub schema: String,
    /// The extension's owner.
    pub owner: Oid,
    pub role: Oid,
    pub is_superuser: bool,
}

impl Session {
    /// A session that can rotate.
    pub fn for_rotation(client: &SpiClient) -> Result<Self, TicketError> {
        let row = look(client)?;
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
        Self::of(&row)
    }

    /// Any session; it may be read-only.
    pub fn for_reading(client: &SpiClient) -> Result<Self, TicketError> {
        Self::of(&look(client)?)
    }

    /// For a trigger, which knows itself: without a look at the tables of the catalog.
    pub fn of_function(function: Oid) -> Result<Self, TicketError> {
        let owner =
            PgProc::new(function).map(|function| function.proowner()).ok_or(TicketError::GuardByHand)?;
        // SAFETY: looks up names by number; both return a string that lives as long as the call, or the first one NULL.
        let schema = unsafe {
            let name = pg_sys::get_namespace_name(pg_sys::get_func_namespace(function));
            if name.is_null() {
                return Err(TicketError::GuardByHand);
            }
            from_server(CStr::from_ptr(pg_sys::quote_identifier(name)).to_bytes())
        };
        Ok(Self { schema, owner, role: Oid::INVALID, is_superuser: false })
    }

    fn of(row: &SpiTupleTable) -> Result<Self, TicketError> {
        Ok(Self {
            schema: row.get_by_name("schema")?.unwrap_or_default(),
            owner: row.get_by_name("owner")?.unwrap_or(Oid::INVALID),
            role: row.get_by_name("role")?.unwrap_or(Oid::INVALID),
            is_superuser: row.get_by_name("is_superuser")?.unwrap_or_default(),
        })
    }

    /// A statement on the rotation tables.
    pub fn write<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        text: &str,
        args: &[DatumWithOid],
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let sql = self.sql(text);
        Ok(as_extension_owner(self.owner, || within_seconds(|| statement::write(client, &sql, args)))?)
    }

    /// As `write`, where the transaction may be read-only.
    pub fn read<'conn>(
        &self,
        client: &SpiClient<'conn>,
        text: &str,
        args: &[DatumWithOid],
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let sql = self.sql(text);
        Ok(as_extension_owner(self.owner, || statement::read(client, &sql, args))?)
    }

    /// The number of one of the rotation tables.
    pub fn table(&self, client: &mut SpiClient, name: &str) -> Result<Oid, TicketError> {
        let name = format!("{}.{name}", self.schema);
        let row = self.write(client, "SELECT to_regclass($1)::oid", &[name.as_str().into()])?.first();
        Ok(row.get_one()?.unwrap_or(Oid::INVALID))
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

fn look<'conn>(client: &SpiClient<'conn>) -> Result<SpiTupleTable<'conn>, TicketError> {
    let (session, own) = (include_str!("queries/session.sql"), include_str!("queries/own_extension.sql"));
    let sql = format!("SELECT * FROM (\n{session}) AS session CROSS JOIN (\n{own}) AS own");
    Ok(in_own_path(|| statement::read(client, &sql, &[]))?.first())
}
