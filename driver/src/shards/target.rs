//! A table that can be rotated shard by shard. What cannot is refused before anything is changed.

use super::refused;
use crate::error::Error;
use crate::session::Session;

pub struct Distributed {
    /// Schema and table, quoted.
    pub name: String,
    /// Of the column that distributes it.
    pub key_type: String,
    pub key_collation: String,
    pub is_uuid: bool,
    /// How many values of it can be counted up to.
    pub keys: i64,
    /// Of the extension, quoted.
    pub owner: String,
}

const AS_A_WHOLE: &str = "Without --shards the table is rotated as a whole, where that can be done.";

impl Distributed {
    pub fn of(session: &mut Session) -> Result<Self, Error> {
        let target = session.target().clone();
        let table = &target.table;
        let support = session.row(include_str!("../sql/shards_support.sql"), &[])?;
        if !support.get::<_, bool>("has_citus") {
            return Err(refused(format!("--shards: {table} is in a database without Citus"), AS_A_WHOLE));
        }
        if !support.get::<_, bool>("has_shards") {
            let what = "--shards: the plain-SQL edition does not rotate shards on their nodes";
            return Err(refused(what.to_owned(), AS_A_WHOLE));
        }
        let [oid, _] = target.parameters();
        let rows = session.rows(include_str!("../sql/shards_target.sql"), &[oid])?;
        let Some(row) = rows.first().filter(|row| row.get("is_hashed")) else {
            return Err(refused(
                format!("--shards: {table} is not distributed by the hash of a column"),
                AS_A_WHOLE,
            ));
        };
        let is = |name: &str| row.get::<_, bool>(name);
        let flaw = if !is("is_coordinator") {
            Some("--shards: this node is not the coordinator, which --url is to name".to_owned())
        } else if !is("is_plain") {
            Some(format!("--shards: {table} is partitioned"))
        } else if is("is_replicated") {
            Some(format!(
                "--shards: {table} has shards on several nodes, each of which would get other tokens"
            ))
        } else if !is("is_known_type") {
            let found: String = row.get("key_type");
            Some(format!("--shards: {table} is distributed by a column of type {found}"))
        } else if !is("is_owner") {
            let owner: String = row.get("owner");
            Some(format!("--shards: the ledgers of shards are made by the extension's owner, {owner}"))
        } else {
            None
        };
        match flaw {
            Some(what) => Err(refused(what, AS_A_WHOLE)),
            None => Ok(Self {
                name: row.get("name"),
                key_type: row.get("key_type"),
                key_collation: row.get("key_collation"),
                is_uuid: row.get("is_uuid"),
                keys: row.get("keys"),
                owner: row.get("owner"),
            }),
        }
    }
}
