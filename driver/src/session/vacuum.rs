//! VACUUM of the target, and who is in its way.

use std::sync::atomic::Ordering;

use postgres::types::Type;

use super::Session;
use crate::error::Error;

/// How a target is vacuumed, or why this role may not do it.
pub struct Vacuuming {
    pub statement: String,
    /// Settings for the session that runs it, which lift time limits of the role.
    pub options: Option<String>,
    pub refusal: Option<String>,
}

impl Session {
    /// How to vacuum the target.
    pub fn vacuuming(&mut self) -> Result<Vacuuming, Error> {
        let row =
            self.client.query_typed_one(include_str!("../sql/vacuum.sql"), &self.target.parameters()[..1])?;
        Ok(Vacuuming {
            statement: row.get("statement"),
            options: row.get("options"),
            refusal: row.get("refusal"),
        })
    }

    /// Whether the table was vacuumed and not skipped, because of a lock.
    pub fn vacuum(&mut self, statement: &str) -> Result<bool, Error> {
        self.locked.store(false, Ordering::Relaxed);
        self.client.query_typed(statement, &[])?;
        Ok(!self.locked.load(Ordering::Relaxed))
    }

    /// Whether anybody waits for a lock behind a VACUUM of this statement.
    pub fn blocks_others(&mut self, vacuum: &str) -> Result<bool, Error> {
        let row = self.row(include_str!("../sql/vacuum_waiters.sql"), &[(&vacuum, Type::TEXT)])?;
        Ok(row.get("waits"))
    }

    /// Who keeps the old rows of all transactions from this one on from being removed, and whose lock has VACUUM
    /// skipped.
    pub fn vacuum_obstacle(&mut self, oldest: Option<i64>, skipped: bool) -> Result<Option<String>, Error> {
        let [table, _] = self.target.parameters();
        let parameters = [table, (&oldest, Type::INT8), (&skipped, Type::BOOL)];
        let row = self.client.query_typed_opt(include_str!("../sql/vacuum_obstacle.sql"), &parameters)?;
        Ok(row.map(|row| row.get("name")))
    }
}
