//! How long a call waits for what other sessions have locked.
//!
//! Tickets: a session that has waited for `deadlock_timeout` looks for a deadlock, and is ended if it finds one. So
//! that this is never the application's, all waits of a batch end within half of that time, counted from its first
//! lock: a session that waits for the batch has then waited for less.
//!
//! A table, a range or a run that is held, by a forgotten transaction as a rule: a few seconds, then an error that
//! names the holder.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use pgrx::pg_sys::Oid;
use pgrx::spi::SpiClient;
use pgrx::{PgSqlErrorCode, PgTryBuilder};

use crate::error::TicketError;
use crate::guc::{self, Nested};
use crate::session::Session;
use crate::statement;

/// Longer than a batch or a checkpoint takes, shorter than anybody wants to wait without a word.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// The limit is tightened as often as this, in parts of it: to change a setting takes part of a ticket's time.
const STEPS: u32 = 16;

#[derive(Clone, Copy)]
struct Limit {
    started: Instant,
    length: Duration,
    tightened: Duration,
}

thread_local! {
    static LIMIT: Cell<Option<Limit>> = const { Cell::new(None) };
}

/// Ends with the work also if that is an error, which unwinds.
struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        LIMIT.set(None);
    }
}

/// Does what locks tickets. A `lock_timeout` that is shorter stays.
pub fn with_limit<T>(work: impl FnOnce() -> T) -> T {
    let length = shorter_than_own(guc::deadlock_timeout() / 2);
    let _settings = Nested::begin();
    guc::set_lock_timeout(length);
    let _ending = Ending;
    LIMIT.set(Some(Limit { started: Instant::now(), length, tightened: Duration::ZERO }));
    work()
}

/// Called for each ticket, before its lock is asked for.
pub fn tighten() {
    let Some(limit) = LIMIT.get() else { return };
    let elapsed = limit.started.elapsed();
    if elapsed >= limit.tightened + limit.length / STEPS {
        LIMIT.set(Some(Limit { tightened: elapsed, ..limit }));
        guc::set_lock_timeout(limit.length.saturating_sub(elapsed));
    }
}

/// For statements that should meet no lock at all: should they, they wait no longer than for one that is known.
pub fn within_seconds<T>(work: impl FnOnce() -> T) -> T {
    let _settings = Nested::begin();
    guc::set_lock_timeout(shorter_than_own(LONGEST_WAIT));
    work()
}

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

/// Who holds it, and the statement that ends the first of them.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    pub described: String,
    pub end: Option<String>,
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
    args: &[pgrx::datum::DatumWithOid],
) -> Result<Holders, TicketError> {
    let sql = statement::fill(include_str!("queries/holders.sql"), &[("holding", holding.trim_end())]);
    let row = session.write(client, &sql, args)?.first();
    Ok(Holders { described: row.get(1)?.unwrap_or_default(), end: row.get(2)? })
}

fn shorter_than_own(limit: Duration) -> Duration {
    guc::lock_timeout().map_or(limit, |own| own.min(limit))
}
