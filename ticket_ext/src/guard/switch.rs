//! Puts the guard on a table and takes it off.
//!
//! It is two triggers: the condition of one on INSERT cannot name the old row, and by that of the other an UPDATE which
//! leaves the token alone does not reach the guard. It is no `UPDATE OF` the column: another trigger may change the
//! token in an UPDATE that does not name it. Their names sort last, so that they see what the other BEFORE triggers
//! have made of the row. They fire ALWAYS: in a logical subscriber too, which applies what its publisher sends as a
//! replica.

use pgrx::Spi;
use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::check_cache::changes;
use crate::context::Context;
use crate::encoding::to_server;
use crate::error::TicketError;
use crate::privileges::in_own_path;
use crate::session::Session;
use crate::statement;
use crate::table_lock::TableLock;
use crate::target::TargetArgs;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Keep,
    Refuse,
}

impl Action {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Keep, Self::Refuse].into_iter().find(|action| action.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }

    /// A row that is refused must be one that is really inserted: no INSERT ... ON CONFLICT that turns out to be an
    /// UPDATE of other columns. To give it another token it is too late by then.
    fn insert_timing(self) -> &'static str {
        match self {
            Self::Keep => "BEFORE",
            Self::Refuse => "AFTER",
        }
    }
}

/// Returns whether it was not there before, or with another action.
pub fn put_on(args: &TargetArgs, action: Action) -> Result<bool, TicketError> {
    const CALL: &str = "guard_ticket_tokens";
    Spi::connect_mut(|client| {
        if Place::of_owner(client, args, CALL)?.is_guarded_by(client, action)? {
            return Ok(false);
        }
        let place = Place::locked(client, args, CALL, &TableLock::ADD_TRIGGERS)?;
        if place.is_guarded_by(client, action)? {
            return Ok(false);
        }
        if place.drops(client)?.is_some() {
            place.lock(client, &TableLock::DROP_TRIGGERS)?;
            place.take_off(client)?;
        }
        let sql = include_str!("../queries/put_guard_on.sql").replace("@timing@", action.insert_timing());
        execute(client, &place.filled(&sql.replace("@action@", action.name())))?;
        Ok(true)
    })
}

/// Returns whether there was one.
pub fn take_off(args: &TargetArgs) -> Result<bool, TicketError> {
    const CALL: &str = "unguard_ticket_tokens";
    Spi::connect_mut(|client| {
        let is_guarded = Place::of_owner(client, args, CALL)?.drops(client)?.is_some();
        Ok(is_guarded && Place::locked(client, args, CALL, &TableLock::DROP_TRIGGERS)?.take_off(client)?)
    })
}

/// The table and column that are guarded, by a session of the table's owner.
struct Place {
    context: Context,
    partitions: Vec<Oid>,
    insert_trigger: String,
    update_trigger: String,
}

impl Place {
    fn of_owner(client: &mut SpiClient, args: &TargetArgs, function: &str) -> Result<Self, TicketError> {
        let session = Session::for_rotation(client)?;
        let oid = args.resolve(client)?;
        let target = args.describe(client, oid)?;
        let row = look(client, oid, &target.column)?;
        if row.get_by_name("is_owner")? != Some(true) {
            return Err(TicketError::NotOwner {
                call: session.call(function, &target.arguments),
                table: target.name,
            });
        }
        let context = Context::for_control(client, args)?;
        if context.table.columns.citus.is_some() {
            return Err(TicketError::CitusGuard { table: target.name });
        }
        Ok(Self {
            context,
            partitions: row.get_by_name("partitions")?.unwrap_or_default(),
            insert_trigger: row.get_by_name("insert_trigger")?.unwrap_or_default(),
            update_trigger: row.get_by_name("update_trigger")?.unwrap_or_default(),
        })
    }

    /// With its partitions, whose triggers are changed with its own. Starts over where the server has told of a change
    /// meanwhile: the name may lead to another table by now.
    fn locked(
        client: &mut SpiClient,
        args: &TargetArgs,
        function: &str,
        lock: &TableLock,
    ) -> Result<Self, TicketError> {
        loop {
            let before = changes();
            let place = Self::of_owner(client, args, function)?;
            place.lock(client, lock)?;
            if changes() == before {
                return Ok(place);
            }
        }
    }

    fn lock(&self, client: &mut SpiClient, lock: &TableLock) -> Result<(), TicketError> {
        let Context { session, target, .. } = &self.context;
        let mut tables = std::iter::once(&target.oid).chain(&self.partitions);
        tables.try_for_each(|&table| lock.take(client, session, table, &target.name))
    }

    fn is_guarded_by(&self, client: &SpiClient, action: Action) -> Result<bool, TicketError> {
        let Context { session, target, .. } = &self.context;
        let args = [target.oid.into(), target.column.as_str().into(), action.name().into()];
        let sql = "SELECT FROM @extschema@.ticket_guard
                   WHERE target = $1 AND token_column = $2 AND action = $3 AND enabled";
        Ok(!session.read(client, sql, &args)?.is_empty())
    }

    /// Statements that take the guard off; None without one.
    fn drops(&self, client: &SpiClient) -> Result<Option<String>, TicketError> {
        let Context { session, target, .. } = &self.context;
        let args = [target.oid.into(), target.column.as_str().into()];
        Ok(session.read(client, include_str!("../queries/drop_guard.sql"), &args)?.first().get_one()?)
    }

    fn take_off(&self, client: &mut SpiClient) -> Result<bool, TicketError> {
        let Some(drops) = self.drops(client)? else { return Ok(false) };
        execute(client, &drops)?;
        Ok(true)
    }

    fn filled(&self, text: &str) -> String {
        let Context { session, target, table, .. } = &self.context;
        let names = [
            ("extschema", session.schema.as_str()),
            ("target", &target.name),
            ("token", &table.columns.token),
            ("insert_trigger", &self.insert_trigger),
            ("update_trigger", &self.update_trigger),
        ];
        statement::fill(text, &names)
    }
}

/// As the caller, who owns the table.
fn execute(client: &mut SpiClient, sql: &str) -> Result<(), TicketError> {
    in_own_path(|| client.update(&to_server(sql), None, &[]))?;
    Ok(())
}

fn look<'conn>(
    client: &SpiClient<'conn>,
    table: Oid,
    column: &str,
) -> Result<SpiTupleTable<'conn>, TicketError> {
    let sql = include_str!("../queries/guard_place.sql");
    Ok(in_own_path(|| statement::read(client, sql, &[table.into(), column.into()]))?.first())
}
