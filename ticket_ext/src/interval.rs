//! Tickets in an interval of ids, and the accounting that leaves none of them behind.

use pgrx::pg_sys;
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::guarded;
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

/// What became of the tickets of an interval.
pub struct Written {
    pub tickets: i64,
    /// Tickets that were left as they were.
    pub missed: Vec<i64>,
    /// Ids of the tickets and hashes of their new tokens, where they are kept.
    pub ids: Option<Vec<i64>>,
    pub digests: Option<Vec<i64>>,
}

impl Written {
    /// Of an interval without tickets, which may hold some that are in flight.
    pub fn nothing(keep: bool) -> Self {
        let none = keep.then(Vec::new);
        Self { tickets: 0, missed: Vec::new(), ids: none.clone(), digests: none }
    }

    fn add(&mut self, other: Self) {
        self.tickets += other.tickets;
        self.ids.iter_mut().for_each(|all| all.extend(other.ids.iter().flatten()));
        self.digests.iter_mut().for_each(|all| all.extend(other.digests.iter().flatten()));
    }
}

impl Interval {
    /// The first tickets in id order, at most `limit`.
    pub fn first(&self, client: &mut SpiClient, job: &Job, limit: i64) -> Result<Found, TicketError> {
        let sql = job.sql(include_str!("queries/interval.sql"));
        let args = [self.after_id.into(), self.last_id.into(), limit.into()];
        let (last_id, tickets) = statement::write(client, &sql, &args)?.first().get_two()?;
        Ok(Found { last_id, tickets: tickets.unwrap_or(0) })
    }

    /// Gives each of the tickets that were found a new token, an error if any would keep its old one.
    ///
    /// A ticket is missed if it was committed while the batch ran: it is rotated now. One that stays as it is
    /// when it is rotated by itself was withheld by a trigger.
    pub fn rotate(
        &self,
        client: &mut SpiClient,
        job: &Job,
        found: i64,
        keep: bool,
    ) -> Result<Written, TicketError> {
        let mut written = self.write(client, job, found, keep)?;
        let missed = std::mem::take(&mut written.missed);
        for &id in &missed {
            let again = Self { after_id: id - 1, last_id: id }.write(client, job, 1, keep)?;
            if !again.missed.is_empty() {
                return Err(job.not_rotated(&missed));
            }
            written.add(again);
        }
        Ok(written)
    }

    fn write(
        &self,
        client: &mut SpiClient,
        job: &Job,
        found: i64,
        keep: bool,
    ) -> Result<Written, TicketError> {
        if keep || job.tickets.traits.disable_row_triggers.is_some() {
            let written = guarded::write(client, job, self)?;
            return Ok(if keep { written } else { Written { ids: None, digests: None, ..written } });
        }
        let sql = job.sql(include_str!("queries/rotate.sql"));
        let tickets =
            statement::write(client, &sql, &[self.after_id.into(), self.last_id.into()])?.len() as i64;
        let missed = if tickets == found { Vec::new() } else { self.not_written(client, job)? };
        Ok(Written { tickets, missed, ids: None, digests: None })
    }

    fn not_written(&self, client: &mut SpiClient, job: &Job) -> Result<Vec<i64>, TicketError> {
        let sql = job.sql(include_str!("queries/not_written.sql"));
        let rows = statement::write(client, &sql, &[self.after_id.into(), self.last_id.into()])?;
        let mut missed = Vec::new();
        for row in rows {
            let (id, writer): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            if !writer.is_some_and(is_own) {
                missed.extend(id);
            }
        }
        Ok(missed)
    }
}

/// Whether a transaction is this one or a subtransaction of it.
fn is_own(writer: i64) -> bool {
    let writer = pg_sys::TransactionId::from(writer as u32);
    // SAFETY: looks the number up in the state of the current transaction; any number will do.
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId(writer) }
}
