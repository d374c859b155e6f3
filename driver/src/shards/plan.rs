//! The run of a distributed table: looked up on the coordinator, or planned there in the ledgers of all shards.
//!
//! It is planned in one transaction over all nodes, so that no shard can be taken for one of the run before. From then
//! on each node is by itself.

use std::collections::BTreeMap;

use postgres::Transaction;
use postgres::types::Type;

use super::places::Placed;
use super::ranges::Range;
use super::split;
use super::target::Distributed;
use crate::error::Error;
use crate::session::{Parameter, Session, StartOptions, Target, fill};

#[derive(Clone)]
pub struct Plan {
    pub run: i32,
    pub ledger: String,
    pub shards: Vec<i64>,
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
        let mut transaction = begin(session, table)?;
        transaction.batch_execute(&fill(include_str!("../sql/shards_lock.sql"), &[("schema", &schema)]))?;
        let run = next(&mut transaction, &target, &schema)?;
        let ledger = format!("{schema}.ticket_shard_ledger_{run}");
        create(&mut transaction, table, &ledger)?;
        let ranges = ranges(&mut transaction, &target)?;
        let keys = keys(&mut transaction, table, &ranges)?;
        insert_heads(&mut transaction, table, &ledger, (&ranges, &keys), &target, options)?;
        let mut shards: Vec<i64> = ranges.iter().map(|range| range.shard).collect();
        shards.sort_unstable();
        let [oid, column] = target.parameters();
        let sql = fill(include_str!("../sql/shards_plan.sql"), &[("schema", &schema)]);
        let arguments: [Parameter; 5] =
            [(&run, Type::INT4), oid, column, (&ledger, Type::TEXT), (&shards, Type::INT8_ARRAY)];
        transaction.query_typed(&sql, &arguments)?;
        Ok(transaction.commit()?)
    }

    /// Where its shards are. Those that were split since have their ledgers from what they were split from.
    pub fn places(&mut self, session: &mut Session, table: &Distributed) -> Result<Vec<Placed>, Error> {
        let placed = self.placed(session)?;
        if self.is_of(&placed) {
            return Ok(placed);
        }
        split::carry_over(session, table, self)?;
        let placed = self.placed(session)?;
        if self.is_of(&placed) { Ok(placed) } else { Err(split::changed()) }
    }

    fn placed(&self, session: &mut Session) -> Result<Vec<Placed>, Error> {
        let target = session.target().clone();
        let [table, _] = target.parameters();
        let sql = include_str!("../sql/shards_places.sql");
        let rows = session.rows(sql, &[table, (&self.ledger, Type::TEXT)])?;
        Ok(rows.iter().map(Placed::from).collect())
    }

    fn is_of(&self, placed: &[Placed]) -> bool {
        placed.iter().map(|placed| placed.shard.id).eq(self.shards.iter().copied())
    }

    /// Once it has ended in all shards; whether the table has no others by now.
    pub fn finish(&self, session: &mut Session, table: &Distributed) -> Result<bool, Error> {
        let (target, schema) = (session.target().clone(), session.schema().to_owned());
        let mut transaction = begin(session, table)?;
        let sql = fill(include_str!("../sql/shards_finish.sql"), &[("schema", &schema)]);
        let [oid, _] = target.parameters();
        let finished = transaction
            .query_typed_opt(&sql, &[(&self.run, Type::INT4), oid, (&self.shards, Type::INT8_ARRAY)])?;
        transaction.commit()?;
        Ok(finished.is_some())
    }
}

/// As the extension's owner, whom the ledgers belong to.
pub fn begin<'s>(session: &'s mut Session, table: &Distributed) -> Result<Transaction<'s>, Error> {
    let mut transaction = session.transaction()?;
    // Workers commit once the coordinator has: it must not lose that in a crash.
    let settings = format!("SET LOCAL ROLE {}; SET LOCAL synchronous_commit TO on", table.owner);
    transaction.batch_execute(&settings)?;
    Ok(transaction)
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

pub fn ranges(transaction: &mut Transaction, target: &Target) -> Result<Vec<Range>, Error> {
    let [oid, _] = target.parameters();
    let rows = transaction.query_typed(include_str!("../sql/shards_ranges.sql"), &[oid])?;
    Ok(rows.iter().map(Range::from).collect())
}

/// By shard: a value of the distribution column, as text, that leads to it.
pub fn keys(
    transaction: &mut Transaction,
    table: &Distributed,
    ranges: &[Range],
) -> Result<BTreeMap<i64, String>, Error> {
    let sql = fill(include_str!("../sql/shards_keys.sql"), &[("key_type", &table.key_type)]);
    for tried in TRIED {
        let tried = tried.min(table.keys);
        let arguments: [Parameter; 3] =
            [(&table.name, Type::TEXT), (&tried, Type::INT8), (&table.is_uuid, Type::BOOL)];
        let rows = transaction.query_typed(&sql, &arguments)?;
        let keys: BTreeMap<i64, String> = rows.iter().map(|row| (row.get("shard"), row.get("key"))).collect();
        if ranges.iter().all(|range| keys.contains_key(&range.shard)) {
            return Ok(keys);
        }
    }
    Err(Error::Shards {
        what: format!("no value was found that leads to each shard of {}", table.name),
        remedy: "Shards of very few hashes cannot be rotated by themselves.",
    })
}

fn insert_heads(
    transaction: &mut Transaction,
    table: &Distributed,
    ledger: &str,
    (ranges, keys): (&[Range], &BTreeMap<i64, String>),
    target: &Target,
    options: &StartOptions,
) -> Result<(), Error> {
    let names = [("ledger", ledger), ("key_type", &table.key_type)];
    let sql = fill(include_str!("../sql/shards_heads.sql"), &names);
    let of_ranges = |value: fn(&Range) -> i64| ranges.iter().map(value).collect::<Vec<i64>>();
    let [shards, first, last] =
        [of_ranges(|range| range.shard), of_ranges(|range| range.first), of_ranges(|range| range.last)];
    let keys: Vec<&String> = shards.iter().map(|shard| &keys[shard]).collect();
    let StartOptions { key_column, format, fill_null, force } = options;
    let arguments: [Parameter; 9] = [
        (&keys, Type::TEXT_ARRAY),
        (&shards, Type::INT8_ARRAY),
        (&first, Type::INT8_ARRAY),
        (&last, Type::INT8_ARRAY),
        (&target.token_column, Type::TEXT),
        (key_column, Type::TEXT),
        (format, Type::TEXT),
        (fill_null, Type::BOOL),
        (force, Type::BOOL),
    ];
    transaction.query_typed(&sql, &arguments)?;
    Ok(())
}
