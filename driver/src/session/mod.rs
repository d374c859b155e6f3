//! The extension's SQL interface, for one target over one connection.
//!
//! A call is one unnamed statement of its own: one round trip, no session state, so a transaction pooler may stand
//! between. Only a long call, or one of a role whose transactions are isolated, takes a transaction around it. For the
//! pooler's sake no setting is sent at the start either: they refuse those they do not know.

mod call;
mod dry_run;
mod edition;
mod evidence;
mod link;
mod options;
mod place;
mod retry;
mod scope;
mod shards;
mod start_options;
mod target;
mod template;
mod transaction;
mod vacuum;
mod version;

use postgres::types::Type;
use postgres::{Client, Row, Transaction};

use crate::connect::{Connection, Locked};
use crate::error::Error;
use crate::pace::{Preamble, SynchronousCommit, Tuning};
use crate::progress::Progress;

pub use dry_run::DryRun;
pub use edition::{Edition, Kind};
pub use evidence::{RunEvidence, Tickets};
pub use link::Link;
pub use options::RetryOptions;
pub use place::Place;
pub use retry::{RepeatFilter, Retrying};
pub use scope::Scope;
pub use shards::{ShardEvidence, ShardNames};
pub use start_options::StartOptions;
pub use target::{Parameter, Target};
pub use template::fill;
pub use transaction::{begin, lift_limits};
pub use version::Version;

pub struct Session {
    client: Client,
    server: String,
    locked: Locked,
    edition: Kind,
    schema: String,
    target: Target,
    /// Whether its transactions do not see what others commit, unless they ask for it.
    isolated: bool,
}

/// The arguments of a call that say what is rotated: the table by its number, found once.
const TARGET: &str = "$1::pg_catalog.oid::pg_catalog.regclass, $2::pg_catalog.text::pg_catalog.name";

impl Session {
    pub fn open(connection: Connection, scope: &Scope) -> Result<Self, Error> {
        let Connection { mut client, server, locked, .. } = connection;
        let row = client.query_typed_one(
            include_str!("../sql/session.sql"),
            &[(&scope.table, Type::TEXT), (&scope.token_column, Type::TEXT)],
        )?;
        let edition = Edition::of(&mut client, row.get("target_oid"))?;
        let (edition, schema) = (edition.kind, edition.usable(&mut client)?);
        let target = Target::try_from(&row)?;
        Ok(Self { client, server, locked, edition, schema, target, isolated: row.get("isolated") })
    }

    /// The extension's, quoted.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The address it is connected to.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// One batch, one transaction. None: no range is left to this session.
    pub fn rotate_batch(&mut self, batch: i32, commit: SynchronousCommit) -> Result<Option<i64>, Error> {
        self.call(&rotation(commit), &[(&batch, Type::INT4)])
    }

    /// The same while the run sweeps: a call looks through the table for the tickets of its batch.
    pub fn sweep_batch(&mut self, batch: i32, commit: SynchronousCommit) -> Result<Option<i64>, Error> {
        self.long_call(&rotation(commit), &[(&batch, Type::INT4)])
    }

    /// Where the target never had a run, starts one.
    pub fn start_first(&mut self) -> Result<(), Error> {
        self.starting_call::<Option<i64>>(&starting_first(), &[]).map(|_| ())
    }

    /// Another run.
    pub fn start(&mut self, options: &StartOptions) -> Result<i64, Error> {
        let (call, arguments) = starting(options);
        self.starting_call(&call, &arguments)
    }

    /// Opens the newest run, which has finished, for another sweep.
    pub fn sweep(&mut self) -> Result<i64, Error> {
        self.long_call(&format!("sweep_ticket_rotation({TARGET})"), &[])
    }

    /// Whether anything was changed by it.
    pub fn guard(&mut self, action: &str) -> Result<bool, Error> {
        self.call(&format!("guard_ticket_tokens({TARGET}, $3)"), &[(&action, Type::TEXT)])
    }

    /// Whether there was one.
    pub fn unguard(&mut self) -> Result<bool, Error> {
        self.call(&format!("unguard_ticket_tokens({TARGET})"), &[])
    }

    pub fn pause(&mut self) -> Result<i64, Error> {
        self.call(&format!("pause_ticket_rotation({TARGET})"), &[])
    }

    pub fn resume(&mut self) -> Result<i64, Error> {
        self.call(&format!("resume_ticket_rotation({TARGET})"), &[])
    }

    pub fn cancel(&mut self) -> Result<i64, Error> {
        self.call(&format!("cancel_ticket_rotation({TARGET})"), &[])
    }

    /// What is None stays as it is. Without any, each driver does again as its options say.
    pub fn tune(&mut self, tuning: Tuning) -> Result<i64, Error> {
        let seconds = tuning.batch_time.map(|time| time.as_secs_f64());
        let workers = tuning.workers.map(|workers| workers as i32);
        self.call(
            &format!("tune_ticket_rotation(pg_catalog.make_interval(secs => $3), $4, $5, {TARGET})"),
            &[(&seconds, Type::FLOAT8), (&tuning.nice, Type::FLOAT8), (&workers, Type::INT4)],
        )
    }

    /// What the run waits for; None: nothing any more.
    pub fn note_wait(&mut self, reason: Option<&str>) -> Result<(), Error> {
        let sql = self.filled(include_str!("../sql/note_wait.sql"));
        let parameters = [&self.target.parameters()[..], &[(&reason, Type::TEXT)]].concat();
        self.client.query_typed_one(&sql, &parameters)?;
        Ok(())
    }

    /// Where the newest run stands; None before the first run.
    pub fn progress(&mut self) -> Result<Option<Progress>, Error> {
        let sql = self.filled(include_str!("../sql/progress.sql"));
        let row = self.client.query_typed_opt(&sql, &self.target.parameters())?;
        Ok(row.as_ref().map(Progress::from))
    }

    /// What the server knows of the newest run's completeness.
    pub fn evidence(&mut self) -> Result<RunEvidence, Error> {
        let sql = self.filled(include_str!("../sql/evidence.sql"));
        let mut transaction = transaction::begin(&mut self.client)?;
        lift_limits(&mut transaction)?;
        Ok(RunEvidence::from(&transaction.query_typed_one(&sql, &self.target.parameters())?))
    }

    /// A statement that is not part of the interface; `@schema@` in it is the extension's.
    pub fn rows(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Vec<Row>, Error> {
        Ok(self.client.query_typed(&self.filled(sql), parameters)?)
    }

    /// The one row of such a statement.
    pub fn row(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Row, Error> {
        Ok(self.client.query_typed_one(&self.filled(sql), parameters)?)
    }

    /// Whether Citus keeps the target, so that its tickets are on several nodes.
    fn is_over_nodes(&mut self) -> Result<bool, Error> {
        if !self.row(include_str!("../sql/shards_support.sql"), &[])?.get::<_, bool>("has_citus") {
            return Ok(false);
        }
        let parameters = self.target.parameters();
        let sql = include_str!("../sql/kept_by_citus.sql");
        Ok(self.client.query_typed_one(sql, &parameters[..1])?.get("is_kept"))
    }

    pub fn preamble(&mut self) -> Result<Preamble, Error> {
        let over_nodes = self.is_over_nodes()?;
        Ok(match self.edition {
            _ if over_nodes => Preamble::Rounds,
            Kind::Extension => Preamble::None,
            Kind::Plain => Preamble::Checks,
        })
    }

    /// For what takes several statements, or long. It is rolled back unless it is committed.
    pub fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(self.client.transaction()?)
    }

    fn filled(&self, sql: &str) -> String {
        fill(sql, &[("schema", &self.schema)])
    }
}

/// The call that starts another run, and its arguments.
fn starting(options: &StartOptions) -> (String, [Parameter<'_>; 4]) {
    let StartOptions { key_column, format, fill_null, force } = options;
    let call = format!(
        "start_ticket_rotation({TARGET}, key_column => $3::pg_catalog.text::pg_catalog.name, \
         format => $4, fill_null => $5, force => $6)"
    );
    let arguments: [Parameter; 4] =
        [(key_column, Type::TEXT), (format, Type::TEXT), (fill_null, Type::BOOL), (force, Type::BOOL)];
    (call, arguments)
}

/// A call above the highest key there can be rotates nothing, and is refused as a batch would be: a table that has
/// taken over the name of another one continues no run of it.
fn starting_first() -> String {
    format!("rotate_ticket_tokens({}::bigint, 1::integer, {TARGET})", i64::MAX)
}

fn rotation(commit: SynchronousCommit) -> String {
    format!("rotate_ticket_tokens(NULL::bigint, $3::integer, {TARGET}){}", clause(commit))
}

/// Added to the statement of a batch; the setting ends with its transaction.
fn clause(commit: SynchronousCommit) -> &'static str {
    match commit {
        SynchronousCommit::On => "",
        SynchronousCommit::Off => " FROM pg_catalog.set_config('synchronous_commit', 'off', true)",
    }
}
