//! Drops the entries of a run that has ended, which take 16 bytes a ticket; what was rotated when stays known. The run
//! of a table that was dropped cannot go on, nor be cancelled by the table's name: it ends with this.

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::held::change_run;
use crate::session::Session;

/// Returns the id of the run.
pub fn forget(run: i64) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let session = Session::for_rotation(client)?;
        check(client, &session, run)?;
        session.write(client, include_str!("queries/forget_run.sql"), &[run.into()])?;
        Ok(run)
    })
}

fn check(client: &mut SpiClient, session: &Session, run: i64) -> Result<(), TicketError> {
    let sql = include_str!("queries/forgettable_run.sql");
    let args = [run.into(), session.role.into()];
    let row = change_run(client, session, format!("run {run}"), sql, &args)?.first();
    if row.is_empty() {
        return Err(TicketError::NoSuchRun { run });
    }
    let table: String = row.get_by_name("target_name")?.unwrap_or_default();
    if row.get_by_name("may_update")? != Some(true) {
        return Err(TicketError::NotYours { run, table });
    }
    let state: String = row.get_by_name("state")?.unwrap_or_default();
    let is_unfinished = matches!(state.as_str(), "active" | "paused");
    if is_unfinished && row.get_by_name("has_table")? == Some(true) {
        return Err(TicketError::StillNeeded { run, table, state });
    }
    Ok(())
}
