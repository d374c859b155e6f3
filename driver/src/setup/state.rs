//! What a setup finds in the database.

use postgres::Transaction;
use postgres::types::Type;

use super::SchemaName;
use super::{Change, Report};
use crate::error::Error;
use crate::session::lift_limits;

pub struct State {
    pub database: String,
    pub role: String,
    pub is_superuser: bool,
    /// Quoted.
    pub schema: String,
    /// The number of the schema, if it is there.
    pub number: Option<u32>,
    pub is_own: bool,
    pub owner: Option<String>,
    /// Whether it looks like the edition.
    pub is_edition: bool,
    pub holds_objects: bool,
    pub others_may_create: bool,
    pub may_create: bool,
    /// The statement by which this role may.
    pub grant: String,
}

impl State {
    /// Of one setup at a time.
    pub fn of(transaction: &mut Transaction, schema: &SchemaName) -> Result<Self, Error> {
        lift_limits(transaction)?;
        transaction.batch_execute(include_str!("../sql/setup_lock.sql"))?;
        let row = transaction
            .query_typed_one(include_str!("../sql/setup_state.sql"), &[(&schema.as_str(), Type::TEXT)])?;
        Ok(Self {
            database: row.get("database"),
            role: row.get("role"),
            is_superuser: row.get("is_superuser"),
            schema: row.get("schema"),
            number: row.get("schema_oid"),
            is_own: row.get("is_own"),
            owner: row.get("owner"),
            is_edition: row.get("is_edition"),
            holds_objects: row.get("holds_objects"),
            others_may_create: row.get("others_may_create"),
            may_create: row.get("may_create"),
            grant: row.get("grant"),
        })
    }

    pub fn report(self, change: Change) -> Report {
        let Self { database, schema, role, is_superuser, .. } = self;
        Report { change, database, schema, role, is_superuser }
    }
}
