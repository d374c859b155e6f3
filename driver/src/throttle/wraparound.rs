//! An autovacuum of the target that prevents wraparound. It counts unless it is ignored by name: it has to end before
//! the server stops taking writes, and what a batch leaves behind is more work for it.
//!
//! Every role sees such a worker, one without pg_monitor by its lock and the table's age. It does not see one that
//! is forced by a shortage of multixact members alone.

use std::time::Instant;

use super::Throttle;
use crate::error::Error;
use crate::session::Session;

pub struct Wraparound;

impl Throttle for Wraparound {
    fn name(&self) -> &'static str {
        "what autovacuum does"
    }

    fn read(&mut self, session: &mut Session, _: Instant) -> Result<Option<String>, Error> {
        let target = session.target().clone();
        let [table, _] = target.parameters();
        let rows = session.rows(include_str!("../sql/throttle_wraparound.sql"), &[table])?;
        let parts: Vec<&str> = rows.iter().map(|row| row.get("part")).collect();
        let reason = || format!("an autovacuum to prevent wraparound is at work in {}", parts.join(", "));
        Ok((!parts.is_empty()).then(reason))
    }
}
