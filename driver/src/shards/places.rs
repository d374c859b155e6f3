//! Where shards are.

use postgres::Row;

use crate::connect::Address;
use crate::session::ShardNames;

#[derive(Clone)]
pub struct Placed {
    pub shard: ShardNames,
    /// As Citus knows it.
    pub node: Address,
}

impl From<&Row> for Placed {
    fn from(row: &Row) -> Self {
        let shard = ShardNames { id: row.get("shard"), name: row.get("name"), ledger: row.get("ledger") };
        let port: i32 = row.get("port");
        Self { shard, node: Address { host: row.get("node"), port: u16::try_from(port).unwrap_or_default() } }
    }
}
