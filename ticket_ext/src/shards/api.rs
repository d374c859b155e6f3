//! The SQL surface for shards: for drivers, on the node that has the shard.

#![allow(
    clippy::result_large_err,
    reason = "ErrorReport is pgrx's, and what carries SQLSTATE, DETAIL and HINT"
)]

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::TicketError;
use crate::shards;
use crate::types::RegClass;

#[pg_extern(strict, volatile, parallel_unsafe)]
fn rotate_ticket_shard(batch: i32, shard: RegClass, ledger: RegClass) -> Result<Option<i64>, ErrorReport> {
    if batch < 1 {
        return Err(TicketError::BatchTooSmall { found: batch }.into());
    }
    Ok(shards::rotate(shard, ledger, i64::from(batch))?)
}

#[pg_extern(strict, volatile, parallel_unsafe)]
fn check_ticket_shard(shard: RegClass, ledger: RegClass) -> Result<String, ErrorReport> {
    Ok(shards::check(shard, ledger)?)
}
