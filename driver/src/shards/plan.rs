//! The run of a distributed table: looked up on the coordinator, or planned there in the ledgers of all shards.
//!
//! It is planned in one transaction over all nodes, so that no shard can be taken for one of the run before. From then on
//! each node is by itself.

use std::collections::BTreeMap;

use postgres::Transaction;
use postgres::types::Type;

use super::places::Placed;
use super::target::Distributed;
use crate::error::Error;
use crate::session::{Parameter, Session, StartOptions, Target, fill};

#[derive(Clone)]
pub struct Plan {
    pub run: i32,
    ledger: String,
    shards: Vec<i64>,
    pub finished: bool,
}

/// Keys that are tried until each shard has one: on average a shard needs as many as there are shards, some several
/// times as many.
const TRIED: [i64; 3] = [10_000, 1_000_000, 30_000_000];

impl Plan {
    /// None: the shards never had a run.
    pub fn newest(session: &mut Session) -> Result<Option<Self>, Error> {
        let target = session.target().clone();
        let rows = session.rows(include_str!("../sql/shards_newest.sql"), &target.parameters())?;
        Ok(rows.first().map(|row| Self {
            run: row.get("run"),
            ledger: row.get("ledger"),
            shards: row.get("shards"),
            finished: row.get("finished"),
        }))
    }

    pub fn start(session: &mut Session, table: &Distributed, options: &StartOptions) -> Result<(), Error> {
        let (target, schema) = (session.target().clone(), session.schema().to_owned());
        let mut transaction = session.transaction()?;
        transaction.batch_execute(&format!("SET LOCAL ROLE {}", table.owner))?;
        transaction.batch_execute(&fill(include_str!("../sql/shards_lock.sql"), &[("schema", &schema)]))?;
        let run = next(&mut transaction, &target, &schema)?;
        let ledger = format!("{schema}.ticket_shard_ledger_{run}");
        create(&mut transaction, table, &ledger)?;
        let keys = keys(&mut transaction, table)?;
        let arguments: [Parameter; 4] = [
            (&run, Type::INT4),
            target.parameters()[0].clone(),
            (&target.token_column, Type::TEXT),
            (&ledger, Type::TEXT),
        ];
        let sql = fill(include_str!("../sql/shards_plan.sql"), &[("schema", &schema)]);
        let shards: Vec<i64> = transaction.query_typed_one(&sql, &arguments)?.get("shards");
        if !shards.iter().eq(keys.keys()) {
            return Err(changed());
        }
        insert_heads(&mut transaction, table, &ledger, &keys, &target, options)?;
        transaction.commit()?;
        Ok(())
    }

    /// Where its shards are.
    pub fn places(&self, session: &mut Session) -> Result<Vec<Placed>, Error> {
        let target = session.target().clone();
        let [table, _] = target.parameters();
        let sql = include_str!("../sql/shards_places.sql");
        let rows = session.rows(sql, &[table, (&self.ledger, Type::TEXT)])?;
        let placed: Vec<Placed> = rows.iter().map(Placed::from).collect();
        if !placed.iter().map(|placed| placed.shard.id).eq(self.shards.iter().copied()) {
            return Err(changed());
        }
        Ok(placed)
    }

    /// Once it has ended in all shards.
    pub fn finish(&self, session: &mut Session, table: &Distributed) -> Result<(), Error> {
        let (target, schema) = (session.target().clone(), session.schema().to_owned());
        let mut transaction = session.transaction()?;
        transaction.batch_execute(&format!("SET LOCAL ROLE {}", table.owner))?;
        let sql = fill(include_str!("../sql/shards_finish.sql"), &[("schema", &schema)]);
        let [oid, _] = target.parameters();
        if transaction.query_typed_opt(&sql, &[(&self.run, Type::INT4), oid])?.is_none() {
            return Err(changed());
        }
        transaction.commit()?;
        Ok(())
    }
}

fn next(transaction: &mut Transaction, target: &Target, schema: &str) -> Result<i32, Error> {
    let sql = fill(include_str!("../sql/shards_next.sql"), &[("schema", schema)]);
    let row = transaction.query_typed_one(&sql, &target.parameters())?;
    if row.get("is_rotated_as_a_whole") {
        return Err(Error::Shards {
            what: format!("a run of table {} as a whole is unfinished", target.table),
            remedy: "Both would rotate the same tickets. Let it finish, or end it: rotate-driver cancel",
        });
    }
    if row.get("is_unfinished") {
        return Err(Error::Shards {
            what: format!("a run of the shards of table {} is unfinished", target.table),
            remedy: "Without --new it goes on.",
        });
    }
    Ok(row.get("run"))
}

fn create(transaction: &mut Transaction, table: &Distributed, ledger: &str) -> Result<(), Error> {
    let names = [("ledger", ledger), ("key_type", &table.key_type), ("key_collation", &table.key_collation)];
    transaction.batch_execute(&fill(include_str!("../sql/shards_ledger.sql"), &names))?;
    let arguments = [(&ledger as _, Type::TEXT), (&table.name as _, Type::TEXT)];
    transaction.query_typed(include_str!("../sql/shards_distribute.sql"), &arguments)?;
    Ok(())
}

/// By shard: a value of the distribution column, as text, that leads to it.
fn keys(transaction: &mut Transaction, table: &Distributed) -> Result<BTreeMap<i64, String>, Error> {
    let sql = fill(include_str!("../sql/shards_keys.sql"), &[("key_type", &table.key_type)]);
    let mut keys = BTreeMap::new();
    for tried in TRIED {
        let tried = tried.min(table.keys);
        let arguments: [Parameter; 3] =
            [(&table.name, Type::TEXT), (&tried, Type::INT8), (&table.is_uuid, Type::BOOL)];
        let rows = transaction.query_typed(&sql, &arguments)?;
        keys = rows.iter().map(|row| (row.get("shard"), row.get("key"))).collect();
        if keys.len() as i64 == table.shards {
            break;
        }
    }
    Ok(keys)
}

fn insert_heads(
    transaction: &mut Transaction,
    table: &Distributed,
    ledger: &str,
    keys: &BTreeMap<i64, String>,
    target: &Target,
    options: &StartOptions,
) -> Result<(), Error> {
    let sql =
        fill(include_str!("../sql/shards_heads.sql"), &[("ledger", ledger), ("key_type", &table.key_type)]);
    let (shards, keys): (Vec<i64>, Vec<&String>) = keys.iter().map(|(shard, key)| (*shard, key)).unzip();
    let StartOptions { key_column, format, fill_null, force } = options;
    let arguments: [Parameter; 7] = [
        (&keys, Type::TEXT_ARRAY),
        (&shards, Type::INT8_ARRAY),
        (&target.token_column, Type::TEXT),
        (key_column, Type::TEXT),
        (format, Type::TEXT),
        (fill_null, Type::BOOL),
        (force, Type::BOOL),
    ];
    transaction.query_typed(&sql, &arguments)?;
    Ok(())
}

fn changed() -> Error {
    Error::Shards {
        what: "the table has other shards than when its run was planned".to_owned(),
        remedy: "A run cannot go on over a split of shards, nor over another distribution of the table: its ledgers \
                 have what was rotated. What is left to rotate they cannot say.",
    }
}
