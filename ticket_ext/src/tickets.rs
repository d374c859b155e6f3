//! Whether the target can be rotated without leaving a ticket behind, and what its statements need.

use pgrx::spi::{SpiClient, SpiTupleTable};
use pgrx::{PgRelation, pg_sys};

use crate::error::TicketError;
use crate::known::{Key, Last};
use crate::session::Session;
use crate::statement;
use crate::target::Target;

/// A target's tickets. The lock keeps triggers and rules from being added between the checks and the end of the
/// batch's statements.
pub struct Tickets {
    pub traits: Traits,
    _lock: PgRelation,
}

#[derive(Clone)]
pub struct Traits {
    pub id_column: String,
    pub token_column: String,
    /// The expression for the column's new value.
    pub new_token: String,
    /// Statements that disable the triggers which could interfere, if there are any.
    pub disable_row_triggers: Option<String>,
}

thread_local! {
    static CHECKED: Last<Traits> = const { Last::none() };
}

impl Tickets {
    /// Tickets that can be rotated.
    pub fn check(client: &SpiClient, session: &Session, target: &Target) -> Result<Self, TicketError> {
        let lock = lock(target, pg_sys::RowExclusiveLock)?;
        let (column, role, schema) = (target.column.clone(), session.role.clone(), session.schema.clone());
        let key = Key { target: target.oid, column, role, schema };
        let traits = CHECKED.with(|checked| {
            checked.get_or(key, || {
                let (traits, row) = describe(client, session, target)?;
                check_grants(&row, target)?;
                check_interference(&row, target, &traits.token_column)?;
                Ok(traits)
            })
        })?;
        Ok(Self { traits, _lock: lock })
    }

    /// Tickets that can be looked at.
    pub fn look(client: &SpiClient, session: &Session, target: &Target) -> Result<Self, TicketError> {
        let lock = lock(target, pg_sys::AccessShareLock)?;
        Ok(Self { traits: describe(client, session, target)?.0, _lock: lock })
    }
}

/// Locks a target whose tickets this role can see, all of them.
fn lock(target: &Target, mode: u32) -> Result<PgRelation, TicketError> {
    // SAFETY: the lock mode is that of the statements to come; the oid was found in pg_class, and the server
    // reports an error if its table was dropped since.
    let lock = unsafe { PgRelation::with_lock(target.oid, mode as pg_sys::LOCKMODE) };
    if target.row_security {
        return Err(TicketError::RowSecurity { table: target.name.clone() });
    }
    Ok(lock)
}

fn describe<'conn>(
    client: &SpiClient<'conn>,
    session: &Session,
    target: &Target,
) -> Result<(Traits, Row<'conn>), TicketError> {
    let sql = session.sql(include_str!("queries/tickets.sql"));
    let args = [target.oid.into(), target.column.as_str().into()];
    let row = statement::read(client, &sql, &args)?.first();

    check_kind(&row, target)?;
    let id_column = row.get_by_name("id_column")?;
    let id_column = id_column.ok_or(TicketError::NoIntegerKey { table: target.name.clone() })?;
    let (token_column, new_token) = check_column(&row, session, target)?;
    let disable_row_triggers = row.get_by_name("disable_row_triggers")?;
    Ok((Traits { id_column, token_column, new_token, disable_row_triggers }, row))
}

type Row<'conn> = SpiTupleTable<'conn>;

fn check_kind(row: &Row, target: &Target) -> Result<(), TicketError> {
    let kind: Option<String> = row.get_by_name("kind")?;
    let kind = match kind.as_deref() {
        Some("r" | "p") => return Ok(()),
        Some("v") => "a view",
        Some("m") => "a materialized view",
        Some("f") => "a foreign table",
        _ => "not a table",
    };
    Err(TicketError::WrongKind { name: target.name.clone(), kind })
}

/// Returns the quoted column and the expression for its new value.
fn check_column(row: &Row, session: &Session, target: &Target) -> Result<(String, String), TicketError> {
    let table = target.name.clone();
    let Some(column) = row.get_by_name::<String, _>("token_column")? else {
        return Err(TicketError::NoSuchColumn { table, column: target.column.clone() });
    };
    if row.get_by_name("generated")? == Some(true) {
        return Err(TicketError::GeneratedColumn { table, column });
    }
    let new_token = session.sql("@extschema@.new_ticket_token()");
    let new_token = match row.get_by_name::<String, _>("token_type")?.as_deref() {
        Some("uuid") => new_token,
        Some("text") => format!("{new_token}::text"),
        Some("character varying") if row.get_by_name("too_short")? == Some(false) => {
            format!("{new_token}::text")
        }
        Some("bytea") => format!("uuid_send({new_token})"),
        _ => {
            let found = row.get_by_name("token_type_name")?.unwrap_or_default();
            return Err(TicketError::WrongColumnType { table, column, found });
        }
    };
    Ok((column, new_token))
}

fn check_grants(row: &Row, target: &Target) -> Result<(), TicketError> {
    match row.get_by_name::<String, _>("missing_grants")? {
        Some(grants) if !grants.is_empty() => {
            Err(TicketError::MissingGrants { table: target.name.clone(), grants })
        }
        _ => Ok(()),
    }
}

fn check_interference(row: &Row, target: &Target, column: &str) -> Result<(), TicketError> {
    let table = target.name.clone();
    if let Some(rule) = row.get_by_name("update_rule")? {
        return Err(TicketError::UpdateRule { table, rule });
    }
    if let Some(part) = row.get_by_name("foreign_part")? {
        return Err(TicketError::ForeignPart { table, part });
    }
    if let Some(key) = row.get_by_name("foreign_key")? {
        return Err(TicketError::ForeignKey { table, column: column.to_owned(), key });
    }
    Ok(())
}
