//! Whether a run is one of the table and columns that a call is about.
//!
//! A run belongs to a table by number and name, and to its key and token column by their numbers. A column that was
//! renamed is the same one; another column or table that has taken over the name, or the number after a restore, is
//! not. A table that was restored from a dump has new numbers: there the names decide.

use pgrx::spi::SpiTupleTable;

use crate::context::Context;
use crate::error::TicketError;

pub fn mismatch(run: &SpiTupleTable, context: &Context) -> Result<Option<TicketError>, TicketError> {
    let is = |column: &str| Ok::<bool, TicketError>(run.get_by_name(column)?.unwrap_or(false));
    let text = |column: &str| Ok::<String, TicketError>(run.get_by_name(column)?.unwrap_or_default());
    let id: i64 = run.get_by_name("run_id")?.unwrap_or_default();
    let (table, start) = (context.target.name.clone(), context.call("start_ticket_rotation"));
    if !is("same_table")? {
        let now_called = text("now_called")?;
        return Ok(Some(TicketError::TableSwapped { run: id, table, now_called, call: start }));
    }
    if !is("same_name")? {
        let (name, call) = (text("target_name")?, context.call("resume_ticket_rotation"));
        return Ok(Some(TicketError::TableRenamed { run: id, name, table, call, start }));
    }
    let columns = &context.table.columns;
    let (token, key) = (text("token_column")?, text("key_column")?);
    let (same_token, same_key) = if is("restored")? {
        (token == context.target.column, key == columns.key.name)
    } else {
        let key_number: Option<i16> = run.get_by_name("key_number")?;
        (is("same_token_number")? && !is("name_is_anothers")?, key_number == Some(columns.key.number))
    };
    let other =
        |column| TicketError::ColumnSwapped { run: id, table: table.clone(), column, call: start.clone() };
    if !same_token {
        return Ok(Some(other(token)));
    }
    Ok((!same_key).then(|| TicketError::KeyMoved { run: id, table: table.clone(), key, call: start.clone() }))
}

/// Whether the run goes on with a table that only has its old name in common with this one.
pub fn is_other_table(mismatch: Option<&TicketError>) -> bool {
    matches!(mismatch, Some(TicketError::TableSwapped { .. }))
}

/// A run can be cancelled whatever became of its table; to resume it under another name is to say that it is the same.
pub fn allow(mismatch: TicketError, state: &str) -> Result<(), TicketError> {
    let renamed = matches!(mismatch, TicketError::TableRenamed { .. });
    let allowed = match state {
        "cancelled" => !is_other_table(Some(&mismatch)),
        "active" => renamed,
        _ => false,
    };
    if allowed { Ok(()) } else { Err(mismatch) }
}
