//! Calls of the extension's functions, each a transaction.

use postgres::types::FromSqlOwned;
use postgres::{Client, Transaction};

use super::Session;
use super::target::Parameter;
use super::transaction::{begin, lift_limits};
use crate::error::Error;

impl Session {
    /// `$1` is the target and `$2` the token column; `more` starts at `$3`.
    pub(super) fn call<T: FromSqlOwned>(&mut self, expression: &str, more: &[Parameter]) -> Result<T, Error> {
        let sql = format!("SELECT {}.{expression}", self.schema);
        let parameters = [&self.target.parameters(), more].concat();
        value(&mut self.client, self.isolated, &sql, &parameters)
    }

    /// One that the role's time limits are not to end.
    pub(super) fn long_call<T: FromSqlOwned>(
        &mut self,
        expression: &str,
        more: &[Parameter],
    ) -> Result<T, Error> {
        let sql = format!("SELECT {}.{expression}", self.schema);
        let parameters = [&self.target.parameters(), more].concat();
        let mut transaction = begin(&mut self.client)?;
        lift_limits(&mut transaction)?;
        in_transaction(transaction, &sql, &parameters)
    }

    /// The same for a start: no run begins of a table whose name another one has taken over since it was looked up.
    pub(super) fn starting_call<T: FromSqlOwned>(
        &mut self,
        expression: &str,
        more: &[Parameter],
    ) -> Result<T, Error> {
        let sql = format!("SELECT {}.{expression}", self.schema);
        let parameters = [&self.target.parameters(), more].concat();
        let mut transaction = begin(&mut self.client)?;
        lift_limits(&mut transaction)?;
        let value = transaction.query_typed_one(&sql, &parameters)?.try_get(0)?;
        self.target.confirm(&mut transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}

/// In a transaction of its own where the session's would not see what others commit.
pub(super) fn value<T: FromSqlOwned>(
    client: &mut Client,
    isolated: bool,
    sql: &str,
    parameters: &[Parameter],
) -> Result<T, Error> {
    if !isolated {
        return Ok(client.query_typed_one(sql, parameters)?.try_get(0)?);
    }
    in_transaction(begin(client)?, sql, parameters)
}

fn in_transaction<T: FromSqlOwned>(
    mut transaction: Transaction,
    sql: &str,
    parameters: &[Parameter],
) -> Result<T, Error> {
    let value = transaction.query_typed_one(sql, parameters)?.try_get(0)?;
    transaction.commit()?;
    Ok(value)
}
