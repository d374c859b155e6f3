//! Work of one transaction: a signal cancels it, and then nothing was changed.

use postgres::Client;

use crate::error::Error;
use crate::exit::Exit;
use crate::session::Scope;
use crate::signals::Interrupt;
use crate::{connect, console};

pub enum Done<T> {
    All(T),
    Nothing(Exit),
}

pub fn all_or_nothing<T>(
    scope: &Scope,
    work: impl FnOnce(&mut Client) -> Result<T, Error>,
) -> Result<Done<T>, Error> {
    let mut connection = connect::open(&scope.request(true))?;
    let interrupt = Interrupt::watch(0)?;
    interrupt.set_canceller(interrupt.new_slot(), Some(connection.canceller()));
    match (work(&mut connection.client), interrupt.signal()) {
        (Ok(done), _) => Ok(Done::All(done)),
        (Err(error), Some(signal)) if error.is_cancelled_query() => {
            console::note("interrupted: nothing was changed");
            Ok(Done::Nothing(Exit::Signal(signal)))
        }
        (Err(error), _) => Err(error),
    }
}
