//! Where a shard is, and which table is its ledger.

use pgrx::Spi;
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::error::TicketError;
use crate::guc::Nested;
use crate::lock_wait::within_seconds;
use crate::privileges::{as_extension_owner, in_own_path};
use crate::session::Session;
use crate::statement;
use crate::types::RegClass;

/// A shard that stays here to the end of the transaction.
pub struct Place {
    session: Session,
    pub shard: i64,
    /// Of the shard's table.
    pub table: Oid,
    pub name: String,
    /// Schema and table, quoted.
    ledger: String,
    /// What tells this node from others, and from a copy of it.
    pub group: i32,
    pub system: i64,
}

/// Citus hides shards from queries of the catalog. What is returned keeps it from that.
pub fn show_shards() -> Result<Nested, TicketError> {
    let sql = "SELECT to_regclass('pg_catalog.pg_dist_shard') IS NOT NULL";
    let has_citus =
        Spi::connect(|client| in_own_path(|| statement::read(client, sql, &[]))?.first().get_one())?;
    if has_citus != Some(true) {
        return Err(TicketError::NoCitus);
    }
    Ok(Nested::begin().set("citus.override_table_visibility", "off"))
}

impl Place {
    /// The lock is the one that Citus takes for a write, and its move of the shard against it. What is said of the
    /// placement before it is granted may be out of date.
    pub fn lock(client: &mut SpiClient, shard: RegClass, ledger: RegClass) -> Result<Self, TicketError> {
        let session = Session::for_rotation(client)?;
        let RegClass(table) = shard;
        let row =
            in_own_path(|| statement::write(client, include_str!("queries/shard.sql"), &[table.into()]))?;
        let row = row.first();
        if row.is_empty() {
            return Err(TicketError::NoShard { name: table.to_u32().to_string() });
        }
        let name: String = row.get_by_name("name")?.unwrap_or_default();
        let Some(shard) = row.get_by_name::<i64, _>("shard_id")? else {
            return Err(TicketError::NoShard { name });
        };
        let sql = "SELECT lock_shard_metadata(5, ARRAY[$1])";
        within_seconds(|| in_own_path(|| statement::write(client, sql, &[shard.into()])))?;
        Self::look(client, session, shard, table, name, ledger)
    }

    fn look(
        client: &mut SpiClient,
        session: Session,
        shard: i64,
        table: Oid,
        name: String,
        RegClass(ledger): RegClass,
    ) -> Result<Self, TicketError> {
        let args = [shard.into(), ledger.into(), session.owner.into()];
        let row = session.write(client, include_str!("queries/place.sql"), &args)?.first();
        if row.get_by_name("is_here")? != Some(true) {
            return Err(TicketError::ShardMoved { name });
        }
        if row.get_by_name("is_single")? != Some(true) {
            return Err(TicketError::ShardReplicated { name });
        }
        let Some(ledger) = row.get_by_name("ledger")? else {
            return Err(TicketError::NoShardLedger { name });
        };
        let group = row.get_by_name("group_id")?.unwrap_or_default();
        let system = row.get_by_name("system_identifier")?.unwrap_or_default();
        Ok(Self { session, shard, table, name, ledger, group, system })
    }

    /// A statement on ledger and rotation tables.
    pub fn write<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        text: &str,
        args: &[DatumWithOid],
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let names = [("extschema", self.session.schema.as_str()), ("ledger", self.ledger.as_str())];
        let sql = statement::fill(text, &names);
        let write = || within_seconds(|| statement::write(client, &sql, args));
        Ok(as_extension_owner(self.session.owner, write)?)
    }
}
