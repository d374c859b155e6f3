//! The ranges of a run. Whoever holds the lock of a range's row may rotate its next batch.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::spi::SpiClient;

use crate::error::TicketError;
use crate::interval::Interval;
use crate::job::Job;
use crate::run::Run;
use crate::session::Session;
use crate::statement;

/// An unfinished range, locked by this transaction.
pub struct Range {
    pub run: Run,
    after_id: i64,
    pub upper_id: i64,
    /// The tickets up to this id have been rotated.
    pub checkpoint: i64,
    pub claimed_at: TimestampWithTimeZone,
    /// Whether transactions older than the run are still in progress.
    pub older_in_progress: bool,
}

impl Range {
    /// The first unfinished range above an id: a free one if there is one, else the first to become free.
    /// None when all are finished.
    pub fn claim(
        client: &mut SpiClient,
        job: &Job,
        run: Run,
        above: i64,
    ) -> Result<Option<Self>, TicketError> {
        let waiting = job.sql(include_str!("queries/claim_range.sql"));
        let skipping = format!("{} SKIP LOCKED", waiting.trim_end());
        loop {
            for sql in [&skipping, &waiting] {
                if let Some((after_id, upper_id)) = lock(client, sql, run, above)? {
                    let range = Self::read_checkpoint(client, job, run, after_id, upper_id)?;
                    return range.split_at(client, job, above).map(Some);
                }
            }
            // The range that was waited for is finished, or it was split into parts that are new to the statement.
            let sql = job.sql(include_str!("queries/has_unfinished_range.sql"));
            let row = statement::read(client, &sql, &[run.id.into(), above.into()])?.first();
            if row.get_one()? != Some(true) {
                return Ok(None);
            }
        }
    }

    /// The ledger is read once the lock is held, to see what the previous holder committed.
    fn read_checkpoint(
        client: &mut SpiClient,
        job: &Job,
        run: Run,
        after_id: i64,
        upper_id: i64,
    ) -> Result<Self, TicketError> {
        let sql = job.sql(include_str!("queries/checkpoint.sql"));
        let args = [run.id.into(), after_id.into(), upper_id.into(), run.horizon.into()];
        let row = statement::write(client, &sql, &args)?.first();
        let (checkpoint, claimed_at, older_in_progress) = row.get_three()?;
        Ok(Self {
            run,
            after_id,
            upper_id,
            checkpoint: checkpoint.unwrap_or(after_id),
            claimed_at: claimed_at.ok_or(pgrx::spi::Error::InvalidPosition)?,
            older_in_progress: older_in_progress.unwrap_or(true),
        })
    }

    /// Leaves the tickets between the checkpoint and an id, if there are any, to a range of their own.
    fn split_at(self, client: &mut SpiClient, job: &Job, id: i64) -> Result<Self, TicketError> {
        let below = Interval { after_id: self.checkpoint, last_id: id };
        if id <= self.checkpoint || below.first(client, job, 1)?.tickets == 0 {
            return Ok(self);
        }
        let sql = job.sql(include_str!("queries/split_range.sql"));
        let args = [self.run.id.into(), self.after_id.into(), id.into(), self.upper_id.into()];
        statement::write(client, &sql, &args)?;
        Ok(Self { after_id: id, checkpoint: id, ..self })
    }

    pub fn finish(&self, client: &mut SpiClient, session: &Session) -> Result<(), TicketError> {
        let sql = session.sql(include_str!("queries/finish_range.sql"));
        statement::write(client, &sql, &[self.run.id.into(), self.after_id.into()])?;
        Ok(())
    }
}

fn lock(client: &mut SpiClient, sql: &str, run: Run, above: i64) -> Result<Option<(i64, i64)>, TicketError> {
    let args: [DatumWithOid; 2] = [run.id.into(), above.into()];
    let row = statement::write(client, sql, &args)?.first();
    if row.is_empty() {
        return Ok(None);
    }
    let (after_id, upper_id) = row.get_two()?;
    Ok(after_id.zip(upper_id))
}
