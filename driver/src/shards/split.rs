//! Shards that were split since their run was planned: each part goes on with the ledger of the whole.

use postgres::Transaction;
use postgres::types::Type;

use super::plan::{self, Plan};
use super::ranges::{self, Range};
use super::target::Distributed;
use crate::error::Error;
use crate::session::{Parameter, Session, fill};

/// In one transaction over all nodes. The shard that was split is rotated no more, so that its ledger stays as it is.
pub fn carry_over(session: &mut Session, table: &Distributed, plan: &mut Plan) -> Result<(), Error> {
    let (target, schema) = (session.target().clone(), session.schema().to_owned());
    let in_schema = |sql: &str| fill(sql, &[("schema", &schema)]);
    let in_ledger = |sql: &str| fill(sql, &[("ledger", &plan.ledger)]);
    let mut transaction = plan::begin(session, table)?;
    let run: [Parameter; 1] = [(&plan.run, Type::INT4)];
    let row = transaction.query_typed_one(&in_schema(include_str!("../sql/shards_hold.sql")), &run)?;
    let known: Vec<i64> = row.get("shards");
    if known != plan.shards {
        // Another driver has done it.
        plan.shards = known;
        return Ok(());
    }
    let now = plan::ranges(&mut transaction, &target)?;
    let rows = transaction.query_typed(&in_ledger(include_str!("../sql/shards_planned.sql")), &[])?;
    let planned: Vec<Range> = rows.iter().map(Range::from).collect();
    let splits = ranges::splits(&planned, &now).ok_or_else(changed)?;
    let keys = plan::keys(&mut transaction, table, &now)?;
    let names = [("ledger", plan.ledger.as_str()), ("key_type", &table.key_type)];
    let sql = fill(include_str!("../sql/shards_split.sql"), &names);
    for (whole, parts) in splits {
        check_keys(&mut transaction, plan, whole)?;
        let count = parts.len() as i64;
        for (number, Range { shard, first, last }) in (0_i64..).zip(parts) {
            let arguments: [Parameter; 7] = [
                (&whole, Type::INT8),
                (&shard, Type::INT8),
                (&count, Type::INT8),
                (&keys[&shard], Type::TEXT),
                (&first, Type::INT8),
                (&last, Type::INT8),
                (&number, Type::INT8),
            ];
            transaction.query_typed(&sql, &arguments)?;
        }
        let whole: [Parameter; 1] = [(&whole, Type::INT8)];
        transaction.query_typed(&in_ledger(include_str!("../sql/shards_drop.sql")), &whole)?;
    }
    let mut shards: Vec<i64> = now.iter().map(|range| range.shard).collect();
    shards.sort_unstable();
    let arguments: [Parameter; 2] = [(&plan.run, Type::INT4), (&shards, Type::INT8_ARRAY)];
    transaction.query_typed(&in_schema(include_str!("../sql/shards_replan.sql")), &arguments)?;
    transaction.commit()?;
    plan.shards = shards;
    Ok(())
}

/// An entry has the key of its ticket alone. Where others can have the same key, those in another part may.
fn check_keys(transaction: &mut Transaction, plan: &Plan, whole: i64) -> Result<(), Error> {
    let sql = fill(include_str!("../sql/shards_repeats.sql"), &[("ledger", &plan.ledger)]);
    if !transaction.query_typed_one(&sql, &[(&whole, Type::INT8)])?.get::<_, bool>("repeats") {
        return Ok(());
    }
    Err(Error::Shards {
        what: format!("shard {whole} was split, and its tickets can have keys in common"),
        remedy: "Whose entries they are cannot be told any more. docs/citus-shards.md says how to end the run.",
    })
}

pub fn changed() -> Error {
    Error::Shards {
        what: "the table is distributed otherwise than when its run was planned".to_owned(),
        remedy: "Shards may move and be split while a run goes on. What another distribution has left of it the \
                 ledgers cannot say.",
    }
}
