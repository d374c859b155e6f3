//! The end of a run, once all of its ranges are rotated and swept.

use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::held::change_run;
use crate::run::{self, Run};

/// Another session may have finished it. A run that was cancelled or paused meanwhile is not called finished.
pub fn finish(client: &mut SpiClient, context: &Context, run: &Run) -> Result<(), TicketError> {
    let sql = include_str!("queries/finish_run.sql");
    let finished = change_run(client, &context.session, format!("run {}", run.id), sql, &[run.id.into()])?;
    if finished.is_empty() && run::state(client, context, run.id)? != "finished" {
        return Err(run::no_longer_active(client, context, run.id)?);
    }
    // Batches may be committed asynchronously. This commit flushes the log, and with it every batch before.
    context.update(client, include_str!("queries/commit_synchronously.sql"), &[])?;
    Ok(())
}
