//! What all steps of a call share: the session, the target, and what was checked of its table.

use pgrx::datum::DatumWithOid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::check_cache::changes;
use crate::choices::Choices;
use crate::error::TicketError;
use crate::guc::Nested;
use crate::key::Key;
use crate::privileges::{as_target_user, in_own_path};
use crate::session::Session;
use crate::statement;
use crate::table::{Mode, Table};
use crate::target::{Target, TargetArgs};

/// Keys that an error names, of the tickets it counts.
const MOST_NAMED: usize = 5;

pub struct Context {
    pub session: Session,
    pub target: Target,
    pub table: Table,
    pub choices: Choices,
    mode: Mode,
    /// What had been heard of changes when the look began.
    changes: u64,
    /// The name by which it was called, where it has lost that while the call waited for its lock.
    pub lost_name: Option<String>,
}

/// Locks the target, and finds out about it.
fn look(
    client: &mut SpiClient,
    session: &Session,
    target: Target,
    mode: Mode,
    choices: Option<&Choices>,
) -> Result<(Target, Table, Choices), TicketError> {
    let choices = match choices {
        Some(choices) => choices.clone(),
        None => Choices::of_run(client, session, &target)?,
    };
    let table = Table::lock(client, session, &target, mode, &choices)?;
    Ok((target, table, choices))
}

impl Context {
    pub fn for_rotation(client: &mut SpiClient, args: &TargetArgs) -> Result<Self, TicketError> {
        let session = Session::for_rotation(client)?;
        Self::locked(client, session, args, Mode::Rotate, None)
    }

    /// For a run to come.
    pub fn for_start(
        client: &mut SpiClient,
        args: &TargetArgs,
        choices: Choices,
    ) -> Result<Self, TicketError> {
        let session = Session::for_rotation(client)?;
        Self::locked(client, session, args, Mode::Rotate, Some(choices))
    }

    /// For what steers a run, whatever became of its table.
    pub fn for_control(client: &mut SpiClient, args: &TargetArgs) -> Result<Self, TicketError> {
        let session = Session::for_rotation(client)?;
        Self::locked(client, session, args, Mode::Control, None)
    }

    /// For what only reads.
    pub fn for_reading(client: &mut SpiClient, args: &TargetArgs) -> Result<Self, TicketError> {
        let session = Session::for_reading(client)?;
        Self::locked(client, session, args, Mode::Read, None)
    }

    /// Locks first and looks then. Where the server has told of a change meanwhile, a name may lead to another table
    /// by now, or a table may have another name, policies, triggers or partitions: it starts over. What it looks at
    /// under a lock that it had before stays as it is.
    fn locked(
        client: &mut SpiClient,
        session: Session,
        args: &TargetArgs,
        mode: Mode,
        choices: Option<Choices>,
    ) -> Result<Self, TicketError> {
        let (mut locked, mut called) = (None, None);
        loop {
            let before = changes();
            let oid = args.resolve(client)?;
            let target = args.describe(client, oid)?;
            let name = called.get_or_insert_with(|| target.name.clone()).clone();
            let looked = look(client, &session, target, mode, choices.as_ref());
            if changes() == before || locked == Some(oid) {
                let (target, table, choices) = looked?;
                let lost_name = (name != target.name).then_some(name);
                return Ok(Self { session, target, table, choices, mode, changes: before, lost_name });
            }
            locked = Some(oid);
        }
    }

    /// At the end of a call: what its statements have found by the target's name, they have found in the target. No
    /// lock keeps others from renaming a schema, changing a role or attaching a partition.
    pub fn confirm(&self, client: &mut SpiClient) -> Result<(), TicketError> {
        if changes() == self.changes {
            return Ok(());
        }
        let target = self.target.as_it_is(client)?;
        let table = Table::lock(client, &self.session, &target, self.mode, &self.choices)?;
        if target.name == self.target.name && table.columns == self.table.columns {
            return Ok(());
        }
        Err(TicketError::ChangedMeanwhile { table: target.name })
    }

    /// A statement that reads the target.
    pub fn read<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        text: &str,
        args: &[DatumWithOid],
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let sql = self.sql(text);
        let _plans = self.with_values();
        let read = || in_own_path(|| statement::read(client, &sql, args));
        Ok(as_target_user(self.table.user, read)?)
    }

    /// As `read`, for a look at the whole table.
    pub fn read_all<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        text: &str,
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let sql = self.sql(text);
        Ok(as_target_user(self.table.user, || in_own_path(|| statement::read_once(client, &sql)))?)
    }

    /// A statement that updates the target, by the caller's search_path.
    pub fn update<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        text: &str,
        args: &[DatumWithOid],
    ) -> Result<SpiTupleTable<'conn>, TicketError> {
        let sql = self.sql(text);
        let _plans = self.with_values();
        Ok(as_target_user(self.table.user, || statement::write(client, &sql, args))?)
    }

    /// Citus chooses shards by values: it makes no generic plan, which the caller may ask for.
    fn with_values(&self) -> Option<Nested> {
        let is_citus = self.table.columns.citus.is_some();
        is_citus.then(|| Nested::begin().set("plan_cache_mode", "force_custom_plan"))
    }

    /// The statement with the names of the extension's schema and of the target filled in.
    pub fn sql(&self, text: &str) -> String {
        let columns = &self.table.columns;
        let names = [
            ("extschema", self.session.schema.as_str()),
            ("target", &self.target.name),
            ("key", &columns.key.column),
            ("id", &columns.id),
            ("key_value", &columns.key_value),
            ("token", &columns.token),
            ("token_bytes", &columns.token_bytes),
            ("lacks_token", &columns.lacks_token),
            ("has_token", &columns.has_token),
        ];
        statement::fill(text, &names)
    }

    /// A call that starts a run of this target as this one would, with another argument; to be pasted.
    pub fn start_call(&self, argument: &str) -> String {
        let key = self.choices.key.named().map(|key| format!("key_column => '{}'", key.replace('\'', "''")));
        let fill_null = self.choices.fill_null.then(|| "fill_null => true".to_owned());
        let arguments: Vec<String> =
            [Some(self.target.arguments.clone()), key, fill_null, Some(argument.to_owned())]
                .into_iter()
                .flatten()
                .collect();
        self.session.call("start_ticket_rotation", &arguments.join(", "))
    }

    /// A call of one of the extension's functions for this target, to be pasted.
    pub fn call(&self, function: &str) -> String {
        self.session.call(function, &self.target.arguments)
    }

    pub fn not_rotated(&self, keys: &[Key]) -> TicketError {
        let mut named: Vec<String> = keys.iter().take(MOST_NAMED).map(Key::to_string).collect();
        if keys.len() > MOST_NAMED {
            named.push("...".into());
        }
        TicketError::NotRotated {
            table: self.target.name.clone(),
            count: keys.len(),
            keys: named.join(", "),
            disable: self.table.columns.disable_triggers.clone(),
        }
    }
}
