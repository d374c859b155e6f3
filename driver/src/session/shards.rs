//! What the extension has for the shards of a distributed table, on the coordinator and on their nodes.

use postgres::types::Type;

use super::call::value;
use super::{RunEvidence, Session, clause, fill, lift_limits, transaction};
use crate::error::Error;
use crate::pace::SynchronousCommit;

/// A shard and its ledger: tables of the node that has both, quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardNames {
    pub id: i64,
    pub name: String,
    pub ledger: String,
}

pub struct ShardProgress {
    pub done: i64,
    pub planned: i64,
}

/// Of a shard that had tickets, or how many it has got since it had none.
pub enum ShardEvidence {
    Run(Box<RunEvidence>),
    CreatedSince(i64),
    Unfinished,
}

impl Session {
    /// One batch of a shard of this node. None: nothing is left of it.
    pub fn rotate_shard(
        &mut self,
        batch: i32,
        shard: &ShardNames,
        commit: SynchronousCommit,
    ) -> Result<Option<i64>, Error> {
        let sql =
            self.filled(include_str!("../sql/shards_rotate.sql")).trim_end().to_owned() + clause(commit);
        let arguments =
            [(&batch as _, Type::INT4), (&shard.name as _, Type::TEXT), (&shard.ledger as _, Type::TEXT)];
        value(&mut self.client, self.isolated, &sql, &arguments)
    }

    /// Of a shard whose run has not begun the tickets are counted.
    pub fn shard_progress(&mut self, shard: &ShardNames) -> Result<Option<ShardProgress>, Error> {
        let sql = fill(include_str!("../sql/shards_progress.sql"), &[("ledger", &shard.ledger)]);
        let Some(row) = self.client.query_typed_opt(&sql, &[(&shard.id, Type::INT8)])? else {
            return Ok(None);
        };
        let planned = match row.get("planned") {
            Some(planned) => planned,
            None => self.client.query_typed_one(&count_of(shard), &[])?.get(0),
        };
        Ok(Some(ShardProgress { done: row.get("done"), planned }))
    }

    /// The evidence on the run of a shard, which cannot move meanwhile.
    pub fn shard_evidence(&mut self, shard: &ShardNames) -> Result<ShardEvidence, Error> {
        let check = self.filled(include_str!("../sql/shards_check.sql"));
        let evidence = self.filled(include_str!("../sql/evidence.sql"));
        let column = self.target.token_column.clone();
        let mut transaction = transaction::begin(&mut self.client)?;
        lift_limits(&mut transaction)?;
        // Citus hides shards from queries of the catalog.
        transaction.batch_execute("SET LOCAL citus.override_table_visibility TO off")?;
        let names = [(&shard.name as _, Type::TEXT), (&shard.ledger as _, Type::TEXT)];
        let done = fill(include_str!("../sql/shards_progress.sql"), &[("ledger", &shard.ledger)]);
        let row = transaction.query_typed_one(&check, &names)?;
        let (state, table): (String, u32) = (row.get("state"), row.get("table_oid"));
        let evidence = match state.as_str() {
            "finished" => {
                let target = [(&table as _, Type::OID), (&column as _, Type::TEXT)];
                let row = transaction.query_typed_one(&evidence, &target)?;
                let done = transaction.query_typed_one(&done, &[(&shard.id, Type::INT8)])?.get("done");
                // One that was split from another has the entries of all of it.
                ShardEvidence::Run(Box::new(RunEvidence { tickets_rotated: done, ..RunEvidence::from(&row) }))
            }
            "empty" => {
                ShardEvidence::CreatedSince(transaction.query_typed_one(&count_of(shard), &[])?.get(0))
            }
            _ => ShardEvidence::Unfinished,
        };
        transaction.commit()?;
        Ok(evidence)
    }
}

fn count_of(shard: &ShardNames) -> String {
    format!("SELECT pg_catalog.count(*) FROM {}", shard.name)
}
