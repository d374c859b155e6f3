//! Tickets in an interval of ids, and the accounting that leaves none of them behind.

use pgrx::pg_sys;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::job::Job;
use crate::statement;

/// The tickets with `after_id < id <= last_id`.
pub struct Interval {
    pub after_id: i64,
    pub last_id: i64,
}

pub struct Found {
    pub last_id: Option<i64>,
    pub tickets: i64,
}

impl Interval {
    /// The first tickets in id order, at most `limit`.
    pub fn first(&self, client: &mut SpiClient, job: &Job, limit: i64) -> Result<Found, TicketError> {
        let sql = job.sql(include_str!("queries/interval.sql"));
        let args = [self.after_id.into(), self.last_id.into(), limit.into()];
        let (last_id, tickets) = statement::write(client, &sql, &args)?.first().get_two()?;
        Ok(Found { last_id, tickets: tickets.unwrap_or(0) })
    }

    /// Gives each ticket a new token; an error if any would keep its old one.
    ///
    /// A batch of as many tickets as were found, on a table without row triggers, is complete: nothing else
    /// can suppress an update. Anything else is looked at ticket by ticket.
    pub fn rotate(&self, client: &mut SpiClient, job: &Job, found: i64) -> Result<i64, TicketError> {
        let written = self.write(client, job)?;
        if written == found && job.tickets.disable_row_triggers.is_none() {
            return Ok(written);
        }
        Ok(written + self.rotate_missed(client, job)?)
    }

    /// Tickets may be missed because they were committed while the batch ran: they are rotated now.
    /// Those that stay as they are were withheld by a trigger.
    fn rotate_missed(&self, client: &mut SpiClient, job: &Job) -> Result<i64, TicketError> {
        let missed = self.not_written(client, job)?;
        let mut written = 0;
        for id in &missed {
            let ticket = Self { after_id: id - 1, last_id: *id };
            match ticket.write(client, job)? {
                0 if !ticket.not_written(client, job)?.is_empty() => return Err(not_rotated(job, &missed)),
                count => written += count,
            }
        }
        Ok(written)
    }

    fn write(&self, client: &mut SpiClient, job: &Job) -> Result<i64, TicketError> {
        if job.tickets.disable_row_triggers.is_some() {
            return self.write_guarded(client, job);
        }
        let sql = job.sql(include_str!("queries/rotate.sql"));
        let updated = statement::write(client, &sql, &[self.after_id.into(), self.last_id.into()])?.len();
        Ok(updated as i64)
    }

    /// Compares what is stored, once all triggers have run, with what was written.
    fn write_guarded(&self, client: &mut SpiClient, job: &Job) -> Result<i64, TicketError> {
        let sql = job.sql(include_str!("queries/rotate_guarded.sql"));
        let row = statement::write(client, &sql, &[self.after_id.into(), self.last_id.into()])?.first();
        let (written, ids, digests) = row.get_three::<i64, Vec<i64>, Vec<i64>>()?;

        let sql = job.sql(include_str!("queries/not_kept.sql"));
        let args = [ids.unwrap_or_default().into(), digests.unwrap_or_default().into()];
        let not_kept = ids_of(statement::write(client, &sql, &args)?)?;
        if !not_kept.is_empty() {
            return Err(not_rotated(job, &not_kept));
        }
        Ok(written.unwrap_or(0))
    }

    fn not_written(&self, client: &mut SpiClient, job: &Job) -> Result<Vec<i64>, TicketError> {
        let sql = job.sql(include_str!("queries/not_written.sql"));
        let rows = statement::write(client, &sql, &[self.after_id.into(), self.last_id.into()])?;
        let mut ids = Vec::new();
        for row in rows {
            let (id, writer): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            if !writer.is_some_and(is_own) {
                ids.extend(id);
            }
        }
        Ok(ids)
    }
}

/// Whether a transaction is this one or a subtransaction of it.
fn is_own(writer: i64) -> bool {
    let writer = pg_sys::TransactionId::from(writer as u32);
    // SAFETY: looks the number up in the state of the current transaction; any number will do.
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId(writer) }
}

fn ids_of(rows: pgrx::spi::SpiTupleTable) -> Result<Vec<i64>, TicketError> {
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        ids.extend(row.get::<i64>(1)?);
    }
    Ok(ids)
}

fn not_rotated(job: &Job, ids: &[i64]) -> TicketError {
    const NAMED: usize = 5;
    let mut named: Vec<String> = ids.iter().take(NAMED).map(i64::to_string).collect();
    if ids.len() > NAMED {
        named.push("…".into());
    }
    TicketError::NotRotated {
        table: job.target.name.clone(),
        count: ids.len(),
        ids: named.join(", "),
        disable: job.tickets.disable_row_triggers.clone().unwrap_or_default(),
    }
}
