//! How long a batch waits for tickets that other sessions have locked.
//!
//! A session that has waited for `deadlock_timeout` looks for a deadlock, and is ended if it finds one. So that this
//! is never the application's, all waits of a batch end within half of that time, counted from its first lock:
//! a session that waits for the batch has then waited for less.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::statement;

/// The limit is lowered as often as this, in parts of it: a setting costs as much as a ticket.
const STEPS: u32 = 16;

#[derive(Clone, Copy)]
struct Limit {
    started: Instant,
    length: Duration,
    lowered: Duration,
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

/// Does what locks tickets. The setting itself ends with the transaction, or here where that goes on.
pub fn limited<T>(
    client: &mut SpiClient,
    work: impl FnOnce(&mut SpiClient) -> Result<T, TicketError>,
) -> Result<T, TicketError> {
    let row = statement::write(client, LOWER, &[None::<i64>.into()])?.first();
    let (before, length) = row.get_two::<String, i64>()?;
    let length = Duration::from_millis(length.unwrap_or_default().unsigned_abs());
    let _ending = Ending;
    LIMIT.set(Some(Limit { started: Instant::now(), length, lowered: Duration::ZERO }));
    let done = work(client)?;
    statement::write(client, "SELECT set_config('lock_timeout', $1, true)", &[before.into()])?;
    Ok(done)
}

/// Called for each ticket, before its lock is asked for.
pub fn lower() -> Result<(), TicketError> {
    let Some(limit) = LIMIT.get() else { return Ok(()) };
    let elapsed = limit.started.elapsed();
    if elapsed < limit.lowered + limit.length / STEPS {
        return Ok(());
    }
    LIMIT.set(Some(Limit { lowered: elapsed, ..limit }));
    let left = milliseconds(limit.length.saturating_sub(elapsed));
    Spi::connect(|client| statement::read(client, LOWER, &[left.into()]).map(drop))?;
    Ok(())
}

const LOWER: &str = include_str!("queries/limit_lock_waits.sql");

/// At least one: none would stand for no limit.
fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1)
}
