//! Counts the writes that were held off, in their own transaction: one that is rolled back was none.

use std::cell::Cell;

use pgrx::Spi;

use crate::error::TicketError;
use crate::session::Session;

/// After so many writes of its own a session folds as many rows into one, so that a storm leaves some hundred rows. It
/// takes about a millisecond, and less than a hundredth of the time of the writes.
const FOLD_AFTER: i64 = 1000;

thread_local! {
    static SINCE_FOLD: Cell<i64> = const { Cell::new(0) };
}

pub fn count(session: &Session, run: i64, key: String) -> Result<(), TicketError> {
    Spi::connect_mut(|client| {
        session.write(client, include_str!("../queries/hold_off.sql"), &[run.into(), key.into()])?;
        SINCE_FOLD.set(SINCE_FOLD.get() + 1);
        if SINCE_FOLD.get() >= FOLD_AFTER {
            SINCE_FOLD.set(0);
            let args = [run.into(), FOLD_AFTER.into()];
            session.write(client, include_str!("../queries/fold_held_off.sql"), &args)?;
        }
        Ok(())
    })
}
