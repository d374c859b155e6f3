//! A table, a range or a run that is held, by a forgotten transaction as a rule: a few seconds, then an error that
//! names the holder.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::Oid;
use pgrx::spi::{SpiClient, SpiTupleTable};
use pgrx::{PgSqlErrorCode, PgTryBuilder};

use crate::error::TicketError;
use crate::guc::{self, Nested};
use crate::lock_wait::{Holders, LONGEST_WAIT, shorter_than_own};
use crate::session::Session;
use crate::statement;

/// What is waited for.
pub struct Held<'a> {
    /// As the error names it.
    pub what: String,
    /// The table that is locked, or whose rows are.
    pub relation: Oid,
    /// Modes of lock that the holder has on it.
    pub modes: &'a [&'a str],
}

/// Does what waits for a lock that was found to be held, within a few seconds.
pub fn or_name_holder<'conn, T>(
    client: &mut SpiClient<'conn>,
    session: &Session,
    held: &Held,
    work: impl FnOnce(&mut SpiClient<'conn>) -> Result<T, TicketError>,
) -> Result<T, TicketError> {
    or_name_holder_within(LONGEST_WAIT, client, session, held, work)
}

pub fn or_name_holder_within<'conn, T>(
    longest: Duration,
    client: &mut SpiClient<'conn>,
    session: &Session,
    held: &Held,
    work: impl FnOnce(&mut SpiClient<'conn>) -> Result<T, TicketError>,
) -> Result<T, TicketError> {
    // Asked before the wait: the error that ends it leaves no statement to ask with.
    let holders = holders(client, session, held)?;
    let settings = Nested::begin();
    guc::set_lock_timeout(shorter_than_own(longest));
    let what = held.what.clone();
    let done = PgTryBuilder::new(AssertUnwindSafe(|| work(client)))
        .catch_when(PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE, move |_| {
            Err(TicketError::Held { what: what.clone(), holders: holders.clone() })
        })
        .execute();
    match done {
        // The transaction is lost, and its settings with it.
        Err(TicketError::Held { .. }) => std::mem::forget(settings),
        _ => drop(settings),
    }
    done
}

fn holders(client: &mut SpiClient, session: &Session, held: &Held) -> Result<Holders, TicketError> {
    let modes: Vec<String> = held.modes.iter().map(|&mode| mode.to_owned()).collect();
    describe(session, client, include_str!("queries/holding.sql"), &[held.relation.into(), modes.into()])
}

/// `holding` is a query for the `pid` and `virtualtransaction` of the sessions.
pub fn describe(
    session: &Session,
    client: &mut SpiClient,
    holding: &str,
    args: &[DatumWithOid],
) -> Result<Holders, TicketError> {
    let sql = statement::fill(include_str!("queries/holders.sql"), &[("holding", holding.trim_end())]);
    let row = session.write(client, &sql, args)?.first();
    Ok(Holders { described: row.get(1)?.unwrap_or_default(), end: row.get(2)? })
}

/// A statement that changes the row of a run, or the one row that a target may have of an unfinished run: another
/// session may have it locked.
pub fn change_run<'conn>(
    client: &mut SpiClient<'conn>,
    session: &Session,
    what: String,
    text: &str,
    args: &[DatumWithOid],
) -> Result<SpiTupleTable<'conn>, TicketError> {
    let relation = session.table(client, "ticket_rotation")?;
    let held = Held { what, relation, modes: &["RowShareLock", "RowExclusiveLock"] };
    or_name_holder(client, session, &held, |client| session.write(client, text, args))
}
