//! How long a call waits for what other sessions have locked.
//!
//! Tickets: a session that has waited for `deadlock_timeout` looks for a deadlock, and is ended if it finds one. So
//! that this is never the application's, all waits of a batch end within half of that time, counted from its first
//! lock: a session that waits for the batch has then waited for less.
//!
//! What is held for longer, as a table: `held.rs`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::guc::{self, Nested};

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

/// Who holds it, and the statement that ends the first of them.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    pub described: String,
    pub end: Option<String>,
}

pub fn shorter_than_own(limit: Duration) -> Duration {
    guc::lock_timeout().map_or(limit, |own| own.min(limit))
}
