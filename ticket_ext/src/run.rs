//! Runs: looked up for a target, paused, resumed, cancelled. `start.rs` and `finish.rs` hold the rest of their life.

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::format::Making;
use crate::held::change_run;
use crate::identity;
use crate::target::TargetArgs;

pub struct Run {
    pub id: i64,
    pub state: String,
    /// Tickets above it are not part of the run.
    pub upper_id: i64,
    /// The first transaction id that was unused when the run started.
    pub horizon: i64,
    /// The number of the sweep that ends it.
    pub sweep: i32,
    /// Transactions below it had ended when the sweep began; None: it has not.
    pub sweep_horizon: Option<i64>,
    /// Whether any sweep has rotated tickets.
    pub has_swept: bool,
    /// Whether ranges were left to rotate when the call began.
    pub has_ranges_left: bool,
    pub making: Making,
    /// Why it is not a run of the table, or of the columns, that the call is about.
    mismatch: Option<TicketError>,
}

impl Run {
    /// The newest run of the target, or one that was a run of its name.
    pub fn newest(client: &mut SpiClient, context: &Context) -> Result<Option<Self>, TicketError> {
        let columns = &context.table.columns;
        let args = [
            context.target.oid.into(),
            context.target.name.as_str().into(),
            columns.token_number.into(),
            context.target.column.as_str().into(),
        ];
        let row = context.session.read(client, include_str!("queries/newest_run.sql"), &args)?.first();
        if row.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            id: row.get_by_name("run_id")?.unwrap_or_default(),
            state: row.get_by_name("state")?.unwrap_or_default(),
            upper_id: row.get_by_name("upper_id")?.unwrap_or_default(),
            horizon: row.get_by_name("horizon")?.unwrap_or_default(),
            sweep: row.get_by_name("sweep")?.unwrap_or_default(),
            sweep_horizon: row.get_by_name("sweep_horizon")?,
            making: Making::of_run(row.get_by_name("token_format")?, row.get_by_name("tickets_planned")?)?,
            has_swept: row.get_by_name("has_swept")?.unwrap_or(true),
            has_ranges_left: row.get_by_name("has_ranges_left")?.unwrap_or(true),
            mismatch: identity::mismatch(&row, context)?,
        }))
    }

    /// The newest run of a target that must have had one.
    pub fn require(client: &mut SpiClient, context: &Context) -> Result<Self, TicketError> {
        let newest = Self::newest(client, context)?;
        let table = context.target.name.clone();
        newest.ok_or_else(|| TicketError::NoRun { table, call: context.call("start_ticket_rotation") })
    }

    /// As `require`, if it is a run of exactly this table and these columns.
    pub fn matching(client: &mut SpiClient, context: &Context) -> Result<Self, TicketError> {
        Self::require(client, context)?.checked()
    }

    pub fn checked(mut self) -> Result<Self, TicketError> {
        self.mismatch.take().map_or(Ok(self), Err)
    }

    pub fn is_unfinished(&self) -> bool {
        matches!(self.state.as_str(), "active" | "paused")
    }

    /// Whether a sweep of all its ranges has ended.
    pub fn has_been_swept(&self) -> bool {
        self.state == "finished" || self.sweep > 1
    }

    pub fn unfinished(&self, context: &Context) -> TicketError {
        let call = context.call("cancel_ticket_rotation");
        TicketError::Unfinished { run: self.id, table: context.target.name.clone(), call }
    }

    pub fn forgotten(&self, context: &Context) -> TicketError {
        let call = context.call("start_ticket_rotation");
        TicketError::Forgotten { run: self.id, table: context.target.name.clone(), call }
    }

    pub fn wrong_state(self, context: &Context) -> TicketError {
        wrong_state(self.id, self.state, context)
    }
}

fn wrong_state(run: i64, state: String, context: &Context) -> TicketError {
    let remedy = if state == "paused" { "resume_ticket_rotation" } else { "start_ticket_rotation" };
    let (table, call) = (context.target.name.clone(), context.call(remedy));
    TicketError::WrongState { run, table, state, call }
}

/// The newest run, if it has to end before another one starts.
pub fn in_the_way(client: &mut SpiClient, context: &Context) -> Result<Option<Run>, TicketError> {
    let newest = Run::newest(client, context)?;
    Ok(newest.filter(|run| run.is_unfinished() && !identity::is_other_table(run.mismatch.as_ref())))
}

/// Its state as it is now, which is another one than when the call began where that had to wait.
pub fn state(client: &mut SpiClient, context: &Context, run: i64) -> Result<String, TicketError> {
    let sql = "SELECT state FROM @extschema@.ticket_rotation WHERE run_id = $1";
    Ok(context.session.write(client, sql, &[run.into()])?.first().get_one()?.unwrap_or_default())
}

pub fn no_longer_active(
    client: &mut SpiClient,
    context: &Context,
    run: i64,
) -> Result<TicketError, TicketError> {
    Ok(wrong_state(run, state(client, context, run)?, context))
}

/// Brings the newest run into a state, from one of those that allow it.
pub fn change(args: &TargetArgs, state: &str, from: &[&str]) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let context = Context::for_control(client, args)?;
        let mut run = Run::require(client, &context)?;
        let resumes = state == "active";
        let (mut state, mut from) = (state, from.to_vec());
        if let Some(mismatch) = run.mismatch.take() {
            identity::allow(mismatch, state)?;
            if resumes && !run.is_unfinished() {
                // Only its name is new: it can be verified under it.
                (state, from) = (&run.state, vec![run.state.as_str()]);
            }
        }
        let from: Vec<String> = from.iter().map(|&state| state.to_owned()).collect();
        let (name, column) = (context.target.name.as_str(), context.target.column.as_str());
        let args = [run.id.into(), state.into(), from.into(), name.into(), column.into(), resumes.into()];
        let sql = include_str!("queries/change_run.sql");
        let changed = change_run(client, &context.session, format!("run {}", run.id), sql, &args)?;
        if changed.is_empty() { Err(no_longer_active(client, &context, run.id)?) } else { Ok(run.id) }
    })
}
