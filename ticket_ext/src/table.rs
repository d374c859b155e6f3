//! Whether the target can be rotated without leaving a ticket behind, and what its statements need.

use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};

use crate::check_cache::{CheckCache, Key};
use crate::choices::Choices;
use crate::citus_table::Citus;
use crate::error::TicketError;
use crate::key_column::KeyColumn;
use crate::privileges::{TargetUser, as_target_user, in_own_path};
use crate::session::Session;
use crate::shard_check;
use crate::statement;
use crate::table_lock::{self, TableLock};
use crate::target::Target;
use crate::token_type::TokenType;

/// A target's table. Its lock and those of its partitions keep triggers, rules and policies from being added between
/// the checks and the end of the transaction.
pub struct Table {
    pub columns: Columns,
    pub user: TargetUser,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Rotate,
    Read,
    /// By who may update the tokens, also of a table that can no longer be rotated, or is locked: it is not locked.
    Control,
}

#[derive(Clone, PartialEq)]
pub struct Columns {
    pub key: KeyColumn,
    /// Expressions for the id of a ticket, and for its key as it is read.
    pub id: String,
    pub key_value: String,
    /// Quoted, as all names here that end up in statements.
    pub token: String,
    pub token_number: i16,
    pub type_of_token: TokenType,
    /// The token as the extension's functions take it: a uuid, text or bytea.
    pub token_bytes: String,
    /// Conditions: for a ticket without a token, `false` where there is none, and for one that is to be rotated, empty
    /// where all are.
    pub lacks_token: String,
    pub has_token: String,
    /// Whether no two tickets can have the same token.
    pub is_unique: bool,
    /// Whether triggers fire on UPDATE that could put old tokens back.
    pub has_triggers: bool,
    /// Whether some of what fires on UPDATE can be deferred.
    pub can_defer: bool,
    /// Statements that disable the triggers.
    pub disable_triggers: String,
    /// How Citus keeps the table; None: it does not.
    pub citus: Option<Citus>,
    partitions: Vec<Oid>,
    /// Whether it is one of a table that Citus has distributed; looked up for a rotation alone.
    is_shard: bool,
}

thread_local! {
    static CHECKED: CheckCache<Columns> = const { CheckCache::empty() };
}

impl Table {
    pub fn lock(
        client: &mut SpiClient,
        session: &Session,
        target: &Target,
        mode: Mode,
        choices: &Choices,
    ) -> Result<Self, TicketError> {
        let lock = match mode {
            Mode::Rotate => Some(TableLock::ROTATE),
            Mode::Read => Some(TableLock::READ),
            Mode::Control => None,
        };
        // A table that this role may not touch is not locked, only refused.
        if let Some(lock) = &lock
            && (mode == Mode::Read || table_lock::may_update(client, target)?)
        {
            lock.take(client, session, target.oid, &target.name)?;
        }
        let user = target_user(client, session, target)?;
        let columns = as_target_user(user, || match mode {
            Mode::Rotate => Self::checked(client, session, target, user, choices),
            Mode::Read => in_own_path(|| {
                let key = KeyColumn::find(client, session, target, &choices.key);
                let (columns, row) = describe(client, session, target, key, choices)?;
                check_row_security(&row, target)?;
                Ok(columns)
            }),
            Mode::Control => in_own_path(|| {
                let key = KeyColumn::find(client, session, target, &choices.key).or_else(without_key);
                let (columns, row) = describe(client, session, target, key, choices)?;
                check_grants(&row, target)?;
                Ok(columns)
            }),
        })?;
        if let Some(lock) = &lock {
            for &partition in &columns.partitions {
                lock.take(client, session, partition, &target.name)?;
            }
        }
        Ok(Self { columns, user })
    }

    /// Columns of a table that can be rotated.
    fn checked(
        client: &mut SpiClient,
        session: &Session,
        target: &Target,
        user: TargetUser,
        choices: &Choices,
    ) -> Result<Columns, TicketError> {
        let role = match user {
            TargetUser::Caller => session.role,
            TargetUser::Owner(owner) => owner,
        };
        let key = Key {
            target: target.oid,
            column: target.column.clone(),
            choices: choices.clone(),
            role,
            schema: session.schema.clone(),
        };
        let columns = CHECKED.with(|checked| {
            checked.get_or(key, || {
                in_own_path(|| {
                    let key = KeyColumn::find(client, session, target, &choices.key);
                    let (mut columns, row) = describe(client, session, target, key, choices)?;
                    check_row_security(&row, target)?;
                    check_grants(&row, target)?;
                    check_interference(&row, target, &columns.token)?;
                    check_citus(&columns, target)?;
                    columns.is_shard =
                        row.get_by_name("has_citus")? == Some(true) && shard_check::is_shard(client, target)?;
                    Ok(columns)
                })
            })
        })?;
        if columns.is_shard && !shard_check::is_at_work() {
            return Err(TicketError::ShardByHand { table: target.name.clone() });
        }
        Ok(columns)
    }
}

fn without_key(error: TicketError) -> Result<KeyColumn, TicketError> {
    if matches!(error, TicketError::NoKey { .. }) { Ok(KeyColumn::default()) } else { Err(error) }
}

/// A superuser leaves the target to its owner.
fn target_user(client: &SpiClient, session: &Session, target: &Target) -> Result<TargetUser, TicketError> {
    if !session.is_superuser {
        return Ok(TargetUser::Caller);
    }
    let sql = "SELECT relowner FROM pg_class WHERE oid = $1";
    let row = in_own_path(|| statement::read(client, sql, &[target.oid.into()]))?.first();
    if row.is_empty() {
        return Err(TicketError::NoSuchTable { name: target.name.clone() });
    }
    Ok(row.get_one()?.map_or(TargetUser::Caller, TargetUser::Owner))
}

type Row<'conn> = SpiTupleTable<'conn>;

fn describe<'conn>(
    client: &SpiClient<'conn>,
    session: &Session,
    target: &Target,
    key: Result<KeyColumn, TicketError>,
    choices: &Choices,
) -> Result<(Columns, Row<'conn>), TicketError> {
    let sql = session.sql(include_str!("queries/table.sql"));
    let key_number = key.as_ref().map_or(0, |key| key.number);
    let args = [target.oid.into(), target.column.as_str().into(), key_number.into()];
    let row = statement::read(client, &sql, &args)?.first();
    if row.is_empty() {
        return Err(TicketError::NoSuchTable { name: target.name.clone() });
    }
    check_kind(&row, target)?;
    let (token, type_of_token) = check_column(&row, target)?;
    let key = key?;
    let nullable: bool = row.get_by_name("nullable")?.unwrap_or(true);
    let token_bytes = type_of_token.bytes(&token);
    let lacks_token = type_of_token.lacks(&token, nullable);
    let all = choices.fill_null || lacks_token == "false";
    let columns = Columns {
        id: key.id(&session.schema),
        key_value: key.value(),
        key,
        token_number: row.get_by_name("token_number")?.unwrap_or_default(),
        token_bytes,
        has_token: if all { String::new() } else { format!(" AND NOT ({lacks_token})") },
        lacks_token,
        type_of_token,
        token,
        is_unique: row.get_by_name("is_unique")?.unwrap_or_default(),
        has_triggers: row.get_by_name("has_triggers")?.unwrap_or(true),
        can_defer: row.get_by_name("can_defer")?.unwrap_or(true),
        disable_triggers: row.get_by_name("disable_triggers")?.unwrap_or_default(),
        citus: Citus::find(client, target, &row)?,
        partitions: row.get_by_name("partitions")?.unwrap_or_default(),
        is_shard: false,
    };
    Ok((columns, row))
}

fn check_row_security(row: &Row, target: &Target) -> Result<(), TicketError> {
    match row.get_by_name("row_security")? {
        Some(true) => Err(TicketError::RowSecurity { table: target.name.clone() }),
        _ => Ok(()),
    }
}

fn check_kind(row: &Row, target: &Target) -> Result<(), TicketError> {
    if let Some(child) = row.get_by_name("child")? {
        return Err(TicketError::InheritanceChild { table: target.name.clone(), child });
    }
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

/// Returns the quoted column and its type.
fn check_column(row: &Row, target: &Target) -> Result<(String, TokenType), TicketError> {
    let table = target.name.clone();
    let Some(column) = row.get_by_name::<String, _>("token")? else {
        return Err(TicketError::NoSuchColumn { table, column: target.column.clone() });
    };
    if row.get_by_name("generated")? == Some(true) {
        return Err(TicketError::GeneratedColumn { table, column });
    }
    match TokenType::read(row)? {
        Ok(found) => Ok((column, found)),
        Err(found) => Err(TicketError::WrongColumnType { table, column, found }),
    }
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

fn check_citus(columns: &Columns, target: &Target) -> Result<(), TicketError> {
    let Some(citus) = &columns.citus else { return Ok(()) };
    citus.check(target, columns.has_triggers, &columns.disable_triggers)
}
