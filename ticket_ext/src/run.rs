//! Runs: looked up for a target, paused, resumed, cancelled. `start.rs` and `finish.rs` hold the rest of their life.

use std::cell::Cell;

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::job::Job;
use crate::session::Session;
use crate::start;
use crate::statement;
use crate::target::{Target, Wanted};

#[derive(Clone, Copy)]
pub struct Run {
    pub id: i64,
    /// Tickets above it are not part of the run.
    pub upper_id: i64,
    /// The first transaction id that was unused when the run started.
    pub horizon: i64,
    /// False after a restore into another cluster, which knows nothing of the old transaction ids.
    pub made_here: bool,
}

pub struct Newest {
    pub run: Run,
    pub state: String,
}

impl Run {
    /// The active run, started if the target never had one; None when there is nothing left to rotate.
    pub fn to_rotate(client: &mut SpiClient, job: &Job) -> Result<Option<Self>, TicketError> {
        loop {
            match Self::newest(client, &job.session, &job.target)? {
                Some(Newest { run, state }) => match state.as_str() {
                    "active" => return Ok(Some(run)),
                    "finished" => return Ok(None),
                    _ => return Err(run.wrong_state(&job.session, &job.target, state)),
                },
                None => match start::start(client, job, 1) {
                    Err(TicketError::NoTickets { .. }) => return Ok(None),
                    Ok(_) | Err(TicketError::Unfinished { .. }) => continue,
                    Err(error) => return Err(error),
                },
            }
        }
    }

    pub fn newest(
        client: &SpiClient,
        session: &Session,
        target: &Target,
    ) -> Result<Option<Newest>, TicketError> {
        let sql = session.sql(include_str!("queries/newest_run.sql"));
        let args = [target.oid.into(), target.column.as_str().into()];
        let row = statement::read(client, &sql, &args)?.first();
        if row.is_empty() {
            return Ok(None);
        }
        let run = Self {
            id: row.get_by_name("run_id")?.unwrap_or_default(),
            upper_id: row.get_by_name("upper_id")?.unwrap_or_default(),
            horizon: row.get_by_name("horizon")?.unwrap_or_default(),
            made_here: row.get_by_name("system_identifier")? == Some(cluster(client)?),
        };
        Ok(Some(Newest { run, state: row.get_by_name("state")?.unwrap_or_default() }))
    }

    /// The newest run of a target that must have had one.
    pub fn require(client: &SpiClient, session: &Session, target: &Target) -> Result<Newest, TicketError> {
        Self::newest(client, session, target)?.ok_or_else(|| {
            let call = session.call("start_ticket_rotation", &target.arguments);
            TicketError::NoRun { table: target.name.clone(), call }
        })
    }

    pub fn unfinished(self, job: &Job) -> TicketError {
        let call = job.session.call("cancel_ticket_rotation", &job.target.arguments);
        TicketError::Unfinished { run: self.id, table: job.target.name.clone(), call }
    }

    pub fn wrong_state(self, session: &Session, target: &Target, state: String) -> TicketError {
        let remedy = if state == "paused" { "resume_ticket_rotation" } else { "start_ticket_rotation" };
        let call = session.call(remedy, &target.arguments);
        TicketError::WrongState { run: self.id, table: target.name.clone(), state, call }
    }
}

/// The cluster's own number. A session has it read from the control file once.
fn cluster(client: &SpiClient) -> Result<i64, TicketError> {
    thread_local! {
        static CLUSTER: Cell<Option<i64>> = const { Cell::new(None) };
    }
    if let Some(cluster) = CLUSTER.get() {
        return Ok(cluster);
    }
    let sql = "SELECT system_identifier FROM pg_control_system()";
    let cluster = statement::read(client, sql, &[])?.first().get_one()?;
    CLUSTER.set(cluster);
    Ok(cluster.ok_or(pgrx::spi::Error::InvalidPosition)?)
}

/// Brings the newest run into a state, from one of those that allow it.
pub fn change(wanted: Wanted, state: &str, from: &[&str]) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let (session, target) = Session::check(client, wanted)?;
        let newest = Run::require(client, &session, &target)?;
        let sql = session.sql(include_str!("queries/change_run.sql"));
        let from: Vec<String> = from.iter().map(|&state| state.to_owned()).collect();
        let changed = statement::write(client, &sql, &[newest.run.id.into(), state.into(), from.into()])?;
        if changed.is_empty() {
            return Err(newest.run.wrong_state(&session, &target, newest.state));
        }
        Ok(newest.run.id)
    })
}
