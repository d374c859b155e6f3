//! The extension's SQL interface, for one target over one connection.
//!
//! Every call is one unnamed statement of its own: one round trip, no session state, so a transaction pooler may
//! stand between. For its sake no setting is sent at the start either: poolers refuse those they do not know.

mod link;
mod options;
mod retry;
mod scope;
mod target;
mod template;

use std::sync::atomic::Ordering;

use postgres::types::{FromSqlOwned, Type};
use postgres::{Client, Row, Transaction};

use crate::connect::{Connection, Locked};
use crate::error::Error;
use crate::pace::{SynchronousCommit, Tuning};

pub use link::Link;
pub use options::RetryOptions;
pub use retry::{RepeatFilter, Retrying};
pub use scope::Scope;
pub use target::{Parameter, Target};
pub use template::fill;

pub struct Session {
    client: Client,
    locked: Locked,
    schema: String,
    target: Target,
}

/// How a target is vacuumed, or why this role may not do it.
pub struct Vacuuming {
    pub statement: String,
    pub refusal: Option<String>,
}

impl Session {
    pub fn open(connection: Connection, scope: &Scope) -> Result<Self, Error> {
        let Connection { mut client, locked, .. } = connection;
        let row = client.query_typed_one(
            include_str!("../sql/session.sql"),
            &[(&scope.table, Type::TEXT), (&scope.token_column, Type::TEXT)],
        )?;
        let Some(schema) = row.get("schema") else {
            return Err(extension_missing(&mut client)?);
        };
        let target = Target::try_from(&row)?;
        Ok(Self { client, locked, schema, target })
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// One batch, one transaction. None: no range is left to this session.
    pub fn rotate_batch(&mut self, batch: i32, commit: SynchronousCommit) -> Result<Option<i64>, Error> {
        self.call(
            &format!("rotate_ticket_tokens(NULL, $3, $1::oid::regclass, $2::text::name){}", clause(commit)),
            &[(&batch, Type::INT4)],
        )
    }

    /// With enough ranges for many workers, each large enough for many batches.
    pub fn start(&mut self) -> Result<i64, Error> {
        let ranges = include_str!("../sql/ranges.sql").trim_end();
        self.call(&format!("start_ticket_rotation($1::oid::regclass, $2::text::name, ({ranges}))"), &[])
    }

    /// How many parts of the newest run sessions can still rotate side by side.
    pub fn unfinished_ranges(&mut self) -> Result<usize, Error> {
        let sql = self.filled(include_str!("../sql/unfinished_ranges.sql"));
        let ranges: i64 = self.client.query_typed_one(&sql, &self.target.parameters())?.get(0);
        Ok(usize::try_from(ranges).unwrap_or_default())
    }

    pub fn pause(&mut self) -> Result<i64, Error> {
        self.call("pause_ticket_rotation($1::oid::regclass, $2::text::name)", &[])
    }

    pub fn resume(&mut self) -> Result<i64, Error> {
        self.call("resume_ticket_rotation($1::oid::regclass, $2::text::name)", &[])
    }

    pub fn cancel(&mut self) -> Result<i64, Error> {
        self.call("cancel_ticket_rotation($1::oid::regclass, $2::text::name)", &[])
    }

    /// What is None stays as it is. Without any, each driver does again as its options say.
    pub fn tune(&mut self, tuning: Tuning) -> Result<i64, Error> {
        let seconds = tuning.batch_time.map(|time| time.as_secs_f64());
        let workers = tuning.workers.map(|workers| workers as i32);
        self.call(
            "tune_ticket_rotation(make_interval(secs => $3), $4, $5, $1::oid::regclass, $2::text::name)",
            &[(&seconds, Type::FLOAT8), (&tuning.nice, Type::FLOAT8), (&workers, Type::INT4)],
        )
    }

    /// What a run waits for; None: nothing any more.
    pub fn note_wait(&mut self, run_id: i64, reason: Option<&str>) -> Result<(), Error> {
        self.rows(include_str!("../sql/note_wait.sql"), &[(&run_id, Type::INT8), (&reason, Type::TEXT)])?;
        Ok(())
    }

    /// The newest run's row of `batch_progress`; None before the first run.
    pub fn progress(&mut self) -> Result<Option<Row>, Error> {
        let sql = self.filled(include_str!("../sql/progress.sql"));
        Ok(self.client.query_typed_opt(&sql, &self.target.parameters())?)
    }

    /// What the server knows of the newest run's completeness, in one row.
    pub fn evidence(&mut self) -> Result<Row, Error> {
        let sql = self.filled(include_str!("../sql/evidence.sql"));
        Ok(self.client.query_typed_one(&sql, &self.target.parameters())?)
    }

    /// A statement that is not part of the interface; `@schema@` in it is the extension's.
    pub fn rows(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Vec<Row>, Error> {
        Ok(self.client.query_typed(&self.filled(sql), parameters)?)
    }

    /// The one row of such a statement.
    pub fn row(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Row, Error> {
        Ok(self.client.query_typed_one(&self.filled(sql), parameters)?)
    }

    /// How to vacuum the target.
    pub fn vacuuming(&mut self) -> Result<Vacuuming, Error> {
        let row =
            self.client.query_typed_one(include_str!("../sql/vacuum.sql"), &self.target.parameters()[..1])?;
        Ok(Vacuuming { statement: row.get("statement"), refusal: row.get("refusal") })
    }

    /// Whether the table was vacuumed and not skipped, because of a lock.
    pub fn vacuum(&mut self, statement: &str) -> Result<bool, Error> {
        self.locked.store(false, Ordering::Relaxed);
        self.client.query_typed(statement, &[])?;
        Ok(!self.locked.load(Ordering::Relaxed))
    }

    /// Who keeps the old rows of more than so many tickets of the newest run from being removed, and whose lock
    /// has VACUUM skipped.
    pub fn vacuum_obstacle(&mut self, tickets: i64, skipped: bool) -> Result<Option<String>, Error> {
        let sql = self.filled(include_str!("../sql/vacuum_obstacle.sql"));
        let parameters =
            [&self.target.parameters()[..], &[(&tickets, Type::INT8), (&skipped, Type::BOOL)]].concat();
        Ok(self.client.query_typed_opt(&sql, &parameters)?.map(|row| row.get("name")))
    }

    /// For what takes several statements. It is rolled back unless it is committed.
    pub fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(self.client.transaction()?)
    }

    fn filled(&self, sql: &str) -> String {
        fill(sql, &[("schema", &self.schema)])
    }

    /// `$1` is the target and `$2` the token column; `more` starts at `$3`.
    fn call<T: FromSqlOwned>(&mut self, expression: &str, more: &[Parameter]) -> Result<T, Error> {
        let sql = format!("SELECT {}.{expression}", self.schema);
        let parameters = [&self.target.parameters(), more].concat();
        Ok(self.client.query_typed_one(&sql, &parameters)?.try_get(0)?)
    }
}

/// Added to the statement of a batch; the setting ends with its transaction.
fn clause(commit: SynchronousCommit) -> &'static str {
    match commit {
        SynchronousCommit::On => "",
        SynchronousCommit::Off => " FROM set_config('synchronous_commit', 'off', true)",
    }
}

fn extension_missing(client: &mut Client) -> Result<Error, Error> {
    let row = client.query_typed_one(include_str!("../sql/extension.sql"), &[])?;
    let database = row.get("database");
    let error = if row.get("available") {
        Error::ExtensionMissing(database)
    } else {
        Error::ExtensionUnavailable(database)
    };
    Ok(error)
}
