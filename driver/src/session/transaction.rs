//! Transactions that are as a call needs them, whatever the role's defaults are.
//!
//! Settings of the session would stay with a pooler's connection to the server, and reach somebody else.

use postgres::{Client, IsolationLevel, Transaction};

use crate::error::Error;

/// One that sees what others commit, as the extension asks for. Whether it may write is left to the server: some
/// providers let none write while the disk is nearly full.
pub fn begin(client: &mut Client) -> Result<Transaction<'_>, Error> {
    Ok(client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start()?)
}

/// For what takes as long as the table is large: the role's time limits do not count.
pub fn lift_limits(transaction: &mut Transaction) -> Result<(), Error> {
    Ok(transaction.batch_execute(include_str!("../sql/lift_limits.sql"))?)
}
