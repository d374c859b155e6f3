//! What the guard knows of a trigger: its column, what it does, and the runs of its table. It is read again once the
//! server has told of any change of a table; a run that starts tells of one (`check_cache.rs`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::Spi;
use pgrx::pg_sys::{self, Oid};
use pgrx::trigger_support::PgTrigger;

use crate::check_cache::{changes, hear_of_changes};
use crate::error::TicketError;
use crate::format::Format;
use crate::guard::columns;
use crate::guard::runs::{self, GuardedRun};
use crate::guard::switch::Action;
use crate::session::Session;

/// Triggers that are remembered: one a partition. Past that it starts afresh.
const MOST_GUARDS: usize = 1000;

pub struct Guard {
    pub action: Action,
    /// The token's column, by its number in the table that the trigger fires on.
    pub token_number: i16,
    pub column: String,
    /// The newest first.
    pub runs: Vec<GuardedRun>,
}

impl Guard {
    /// Of new tokens, by the newest run.
    pub fn format(&self) -> &Format {
        self.runs.first().map_or(&Format::Uuid, |run| &run.format)
    }
}

#[derive(Default)]
struct Known {
    changes: u64,
    guards: HashMap<Oid, Rc<Guard>>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

pub fn look_up(session: &Session, trigger: &PgTrigger) -> Result<Rc<Guard>, TicketError> {
    hear_of_changes();
    let (id, changes) = (trigger.trigger().tgoid, changes());
    let found =
        KNOWN.with_borrow(|known| known.guards.get(&id).filter(|_| known.changes == changes).cloned());
    if let Some(guard) = found {
        return Ok(guard);
    }
    let guard = Rc::new(read(session, trigger)?);
    if !has_snapshot_of_its_own() {
        remember(id, changes, &guard);
    }
    Ok(guard)
}

fn remember(id: Oid, changes: u64, guard: &Rc<Guard>) {
    KNOWN.with_borrow_mut(|known| {
        if known.changes != changes || known.guards.len() >= MOST_GUARDS {
            *known = Known { changes, guards: HashMap::new() };
        }
        known.guards.insert(id, Rc::clone(guard));
    });
}

/// What a transaction reads from REPEATABLE READ on may be out of date.
fn has_snapshot_of_its_own() -> bool {
    // SAFETY: a number that only this process changes.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

fn read(session: &Session, trigger: &PgTrigger) -> Result<Guard, TicketError> {
    let by_hand = || TicketError::GuardByHand;
    let table = trigger.relid().map_err(|_| by_hand())?;
    let arguments = trigger.extra_args().unwrap_or_default();
    let action = arguments.first().and_then(|name| Action::named(name)).ok_or_else(by_hand)?;
    let token_number = columns::guarded(trigger.trigger()).ok_or_else(by_hand)?;
    let column = columns::name(table, token_number).ok_or_else(by_hand)?;
    let runs = Spi::connect(|client| runs::of_column(client, session, trigger, &column))?;
    Ok(Guard { action, token_number, column, runs })
}
