//! The runs of a guarded column, whose entries the guard asks.

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{SpiClient, SpiHeapTupleData};
use pgrx::trigger_support::PgTrigger;

use crate::error::TicketError;
use crate::format::Format;
use crate::guard::columns;
use crate::privileges::in_own_path;
use crate::session::Session;
use crate::statement::{self, ids_of};

pub struct GuardedRun {
    pub id: i64,
    pub sweeps: i32,
    pub upper_id: i64,
    /// The column that it knows a ticket by, by its number in the table that the trigger fires on.
    pub key_number: i16,
    /// Of the tokens that it made.
    pub format: Format,
}

/// Those of the column of this table, or of one that it is a partition of, the newest first.
pub fn of_column(
    client: &SpiClient,
    session: &Session,
    trigger: &PgTrigger,
    column: &str,
) -> Result<Vec<GuardedRun>, TicketError> {
    let table = trigger.trigger_data().tg_relation;
    // SAFETY: the server has opened the relation for the time of the trigger's call.
    let (oid, is_partition) = unsafe { ((*table).rd_id, (*(*table).rd_rel).relispartition) };
    let mut tables = vec![oid];
    if is_partition {
        tables.extend(ancestors(client, oid)?);
    }
    let mut runs = Vec::new();
    for row in session.read(client, include_str!("../queries/guarded_runs.sql"), &[tables.into()])? {
        runs.extend(GuardedRun::read(&row, oid, column)?);
    }
    Ok(runs)
}

fn ancestors(client: &SpiClient, table: Oid) -> Result<Vec<Oid>, TicketError> {
    let sql = "SELECT relid::oid FROM pg_partition_ancestors($1) WHERE relid <> $1";
    Ok(ids_of(in_own_path(|| statement::read(client, sql, &[table.into()]))?)?)
}

impl GuardedRun {
    /// None where the run is of another column, or the table has no such key any more. A table that was restored goes
    /// by names, as in `identity.rs`.
    fn read(row: &SpiHeapTupleData, table: Oid, column: &str) -> Result<Option<Self>, TicketError> {
        let target: Oid = row.get_by_name("target")?.unwrap_or(pg_sys::Oid::INVALID);
        let restored = row.get_by_name("target_oid")? != Some(target);
        let called = |number: &str, name: &str| {
            let number: i16 = row.get_by_name(number)?.unwrap_or_default();
            let stored: Option<String> = row.get_by_name(name)?;
            Ok::<_, TicketError>(if restored { stored } else { columns::name(target, number) })
        };
        if called("token_number", "token_column")?.as_deref() != Some(column) {
            return Ok(None);
        }
        let key = called("key_number", "key_column")?.and_then(|key| columns::number(table, &key));
        let Some(key_number) = key else { return Ok(None) };
        Ok(Some(Self {
            id: row.get_by_name("run_id")?.unwrap_or_default(),
            sweeps: row.get_by_name("sweep")?.unwrap_or_default(),
            upper_id: row.get_by_name("upper_id")?.unwrap_or_default(),
            key_number,
            format: Format::of_run(row.get_by_name("token_format")?)?,
        }))
    }
}
