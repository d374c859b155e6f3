//! Runs: started once for a target, divided into ranges, paused, resumed, cancelled, finished.

use pgrx::Spi;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::job::Job;
use crate::session::Session;
use crate::statement;
use crate::target::Target;
use crate::types::{Name, RegClass};

/// A run is divided at most into as many ranges as keep the choice of one cheap in each batch.
pub const MOST_RANGES: i32 = 1000;

#[derive(Clone, Copy)]
pub struct Run {
    pub id: i64,
}

struct Newest {
    run: Run,
    state: String,
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
                None => match Self::start(client, job, 1) {
                    Err(TicketError::NoTickets { .. }) => return Ok(None),
                    Err(TicketError::Unfinished { .. }) => continue,
                    started => return started.map(Some),
                },
            }
        }
    }

    pub fn start(client: &mut SpiClient, job: &Job, ranges: i32) -> Result<Self, TicketError> {
        if let Some(newest) = Self::newest(client, &job.session, &job.target)?
            && matches!(newest.state.as_str(), "active" | "paused")
        {
            return Err(newest.run.unfinished(job));
        }
        let row = statement::write(client, &job.sql(include_str!("queries/plan_run.sql")), &[])?.first();
        let (lowest_id, upper_id, tickets) = row.get_three::<i64, i64, i64>()?;
        let (Some(lowest_id), Some(upper_id), Some(tickets)) = (lowest_id, upper_id, tickets) else {
            return Err(TicketError::NoTickets { table: job.target.name.clone() });
        };
        if lowest_id == i64::MIN {
            return Err(TicketError::LowestId { table: job.target.name.clone() });
        }
        let run = Self::insert(client, job, upper_id, tickets)?;
        run.divide(client, job, upper_id, tickets, i64::from(ranges))?;
        Ok(run)
    }

    fn insert(client: &mut SpiClient, job: &Job, upper_id: i64, tickets: i64) -> Result<Self, TicketError> {
        let sql = job.sql(include_str!("queries/start_run.sql"));
        let target = &job.target;
        let args = [
            target.oid.into(),
            target.name.as_str().into(),
            target.column.as_str().into(),
            upper_id.into(),
            tickets.into(),
        ];
        let row = statement::write(client, &sql, &args)?.first();
        if !row.is_empty()
            && let Some(id) = row.get_one()?
        {
            return Ok(Self { id });
        }
        let newest = Self::newest(client, &job.session, target)?;
        Err(newest.map_or(pgrx::spi::Error::InvalidPosition.into(), |newest| newest.run.unfinished(job)))
    }

    /// Ranges of equally many tickets. The first one begins below all ids, so that a ticket with a low id
    /// which is committed while the run goes on is part of it.
    fn divide(
        self,
        client: &mut SpiClient,
        job: &Job,
        upper_id: i64,
        tickets: i64,
        ranges: i64,
    ) -> Result<(), TicketError> {
        let per_range = (tickets + ranges - 1) / ranges;
        let mut after_id = i64::MIN;
        for _ in 1..ranges {
            let Some(end) = nth_id(client, job, after_id, per_range)?.filter(|&end| end < upper_id) else {
                break;
            };
            self.add_range(client, job, after_id, end)?;
            after_id = end;
        }
        self.add_range(client, job, after_id, upper_id)
    }

    fn add_range(
        self,
        client: &mut SpiClient,
        job: &Job,
        after_id: i64,
        upper_id: i64,
    ) -> Result<(), TicketError> {
        let args = [self.id.into(), after_id.into(), upper_id.into()];
        statement::write(client, &job.sql(include_str!("queries/add_range.sql")), &args)?;
        Ok(())
    }

    /// Finishes the run if its last range is finished. The row is locked first: of two sessions that finish
    /// the last two ranges at the same time, the second then sees both.
    pub fn finish(self, client: &mut SpiClient, session: &Session) -> Result<(), TicketError> {
        statement::write(client, &session.sql(include_str!("queries/lock_run.sql")), &[self.id.into()])?;
        statement::write(client, &session.sql(include_str!("queries/finish_run.sql")), &[self.id.into()])?;
        Ok(())
    }

    fn newest(
        client: &mut SpiClient,
        session: &Session,
        target: &Target,
    ) -> Result<Option<Newest>, TicketError> {
        let sql = session.sql(include_str!("queries/newest_run.sql"));
        let args = [target.oid.into(), target.column.as_str().into()];
        let row = statement::read(client, &sql, &args)?.first();
        if row.is_empty() {
            return Ok(None);
        }
        let (id, state) = row.get_two()?;
        Ok(id.zip(state).map(|(id, state)| Newest { run: Self { id }, state }))
    }

    fn wrong_state(self, session: &Session, target: &Target, state: String) -> TicketError {
        let remedy = if state == "paused" { "resume_ticket_rotation" } else { "start_ticket_rotation" };
        let call = session.call(remedy, &target.arguments);
        TicketError::WrongState { run: self.id, table: target.name.clone(), state, call }
    }

    fn unfinished(self, job: &Job) -> TicketError {
        let call = job.session.call("cancel_ticket_rotation", &job.target.arguments);
        TicketError::Unfinished { run: self.id, table: job.target.name.clone(), call }
    }
}

/// The id of the n-th ticket above an id.
fn nth_id(client: &mut SpiClient, job: &Job, after_id: i64, n: i64) -> Result<Option<i64>, TicketError> {
    let args = [after_id.into(), n.into()];
    let row = statement::write(client, &job.sql(include_str!("queries/nth_id.sql")), &args)?.first();
    Ok(if row.is_empty() { None } else { row.get_one()? })
}

/// Brings the newest run into a state, from one of those that allow it.
pub fn change(
    table: Option<RegClass>,
    column: Option<Name>,
    state: &str,
    from: &[&str],
) -> Result<i64, TicketError> {
    Spi::connect_mut(|client| {
        let session = Session::check(client)?;
        let target = Target::find(client, table, column)?;
        let Some(newest) = Run::newest(client, &session, &target)? else {
            let call = session.call("start_ticket_rotation", &target.arguments);
            return Err(TicketError::NoRun { table: target.name, call });
        };
        let sql = session.sql(include_str!("queries/change_run.sql"));
        let from: Vec<String> = from.iter().map(|&state| state.to_owned()).collect();
        let changed = statement::write(client, &sql, &[newest.run.id.into(), state.into(), from.into()])?;
        if changed.is_empty() {
            return Err(newest.run.wrong_state(&session, &target, newest.state));
        }
        Ok(newest.run.id)
    })
}
