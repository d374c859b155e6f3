//! What the guard's triggers do with a row.
//!
//! A write that would bring back a retired token is refused, or goes on with the token that is live. A row that is
//! inserted has none: it gets a new one, or is refused where a function of the user's makes them. Where it then turns
//! out to be there already and the INSERT becomes an UPDATE, that new token stands for the live one.

use std::cell::RefCell;

use pgrx::Spi;
use pgrx::trigger_support::PgTrigger;

use crate::entries::is_noting;
use crate::error::TicketError;
use crate::format::Format;
use crate::guard::held_off;
use crate::guard::known::{self, Guard};
use crate::guard::retired;
use crate::guard::row::{Row, Tuple};
use crate::guard::switch::Action;
use crate::session::Session;

thread_local! {
    /// The token that the row before got instead of a retired one.
    static STAND_IN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The rotation's own writes leave at once.
pub fn guard<'a>(trigger: &'a PgTrigger<'a>) -> Result<Option<Tuple<'a>>, TicketError> {
    if is_noting() {
        return Ok(trigger.new());
    }
    let stand_in = STAND_IN.take();
    let Some(new) = Row::new(trigger) else { return Err(TicketError::GuardByHand) };
    let session = Session::of_function(trigger.trigger().tgfoid)?;
    let guard = known::look_up(&session, trigger)?;
    let Some(token) = new.token(guard.token_number) else { return Ok(trigger.new()) };
    let old = Row::old(trigger);
    if let Some(old) = old
        && stand_in.as_ref() == Some(&token)
    {
        return Ok(Some(keep_live(&guard, new, old)));
    }
    let rows: Vec<Row> = [Some(new), old].into_iter().flatten().collect();
    let Some(retired) = retired::find(&session, &guard, &token, &rows)? else { return Ok(trigger.new()) };
    if guard.action == Action::Refuse || old.is_none() && matches!(guard.format(), Format::Function(_)) {
        return Err(refused(&session, trigger, &guard, new.text(retired.key_number), retired.run)?);
    }
    held_off::count(&session, retired.run, new.text(retired.key_number))?;
    old.map_or_else(|| give_new(&guard, new), |old| Ok(keep_live(&guard, new, old))).map(Some)
}

fn keep_live<'a>(guard: &Guard, new: Row, old: Row) -> Tuple<'a> {
    new.with(guard.token_number, old.datum(guard.token_number))
}

fn give_new<'a>(guard: &Guard, new: Row) -> Result<Tuple<'a>, TicketError> {
    let (token, bytes) = new.fresh_token(guard.token_number, guard.format())?;
    STAND_IN.set(Some(bytes));
    Ok(new.with(guard.token_number, token))
}

fn refused(
    session: &Session,
    trigger: &PgTrigger,
    guard: &Guard,
    key: String,
    run: i64,
) -> Result<TicketError, TicketError> {
    let args = [trigger.trigger().tgoid.into(), guard.column.as_str().into()];
    Spi::connect(|client| {
        let origin = session.read(client, include_str!("../queries/guard_origin.sql"), &args)?.first();
        let arguments: String = origin.get_by_name("arguments")?.unwrap_or_default();
        let call = session.call("guard_ticket_tokens", &arguments);
        Ok(TicketError::RetiredToken {
            table: origin.get_by_name("name")?.unwrap_or_default(),
            key,
            run,
            call,
        })
    })
}
