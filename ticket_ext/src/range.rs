//! The ranges of a run. Whoever holds the lock of a range's row may rotate or sweep its next batch.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiClient;

use crate::context::Context;
use crate::error::TicketError;
use crate::held::{Held, or_name_holder};
use crate::interval::Interval;
use crate::run::{self, Run};

/// What is done with a range, one after the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Rotation,
    /// The n-th one.
    Sweep(i32),
}

/// A range that is locked by this transaction.
pub struct Range {
    pub run_id: i64,
    bounds: Interval,
    /// The tickets up to this key have been rotated, or swept; None: not one yet.
    checkpoint: Option<i64>,
    /// How many of its tickets were rotated in this phase.
    pub tickets: i64,
    pub claimed_at: TimestampWithTimeZone,
}

impl Phase {
    /// The column that tells when it ended.
    fn column(self) -> &'static str {
        match self {
            Phase::Rotation => "rotated_at",
            Phase::Sweep(_) => "swept_at",
        }
    }

    fn sweep(self) -> i32 {
        match self {
            Phase::Rotation => 0,
            Phase::Sweep(number) => number,
        }
    }

    fn fill(self, text: &str) -> String {
        text.replace("@ended_at@", self.column())
    }
}

impl Range {
    /// The first range that reaches up to a key and has not been through the phase: a free one if there is one, else
    /// the first to become free. None when all have been.
    pub fn claim(
        client: &mut SpiClient,
        context: &Context,
        run: &Run,
        phase: Phase,
        from: i64,
    ) -> Result<Option<Self>, TicketError> {
        loop {
            let free = Self::claim_free(client, context, run, phase, from)?;
            if free.is_some() {
                return Ok(free);
            }
            if !left_from(client, context, run, phase, from)? {
                return Ok(None);
            }
            // It may be finished or split by the time it becomes free, and then there is another one to look for.
            let held = Held {
                what: format!("every range of run {} that is left", run.id),
                relation: context.session.table(client, "ticket_rotation_range")?,
                modes: &["RowShareLock", "RowExclusiveLock"],
            };
            let sql = phase.fill(include_str!("queries/claim_range.sql"));
            let wait = |client: &mut SpiClient| lock(client, context, &sql, run, from);
            if let Some(bounds) = or_name_holder(client, &context.session, &held, wait)? {
                return Self::read_checkpoint(client, context, run, phase, bounds).map(Some);
            }
        }
    }

    /// As `claim`, for a call that has the lock of a range: it must not wait for another one, whose holder may wait for
    /// its own.
    pub fn claim_free(
        client: &mut SpiClient,
        context: &Context,
        run: &Run,
        phase: Phase,
        from: i64,
    ) -> Result<Option<Self>, TicketError> {
        let sql = phase.fill(include_str!("queries/claim_range.sql"));
        let skipping = format!("{} SKIP LOCKED", sql.trim_end());
        let bounds = lock(client, context, &skipping, run, from)?;
        bounds.map(|bounds| Self::read_checkpoint(client, context, run, phase, bounds)).transpose()
    }

    pub fn any_left(
        client: &mut SpiClient,
        context: &Context,
        run: &Run,
        phase: Phase,
    ) -> Result<bool, TicketError> {
        left_from(client, context, run, phase, i64::MIN)
    }

    /// The state of the run and the ledger are read once the lock is held, to see what others have committed.
    fn read_checkpoint(
        client: &mut SpiClient,
        context: &Context,
        run: &Run,
        phase: Phase,
        bounds: Interval,
    ) -> Result<Self, TicketError> {
        let args = [run.id.into(), bounds.first_id.into(), bounds.last_id.into(), phase.sweep().into()];
        let row = context.session.write(client, include_str!("queries/checkpoint.sql"), &args)?.first();
        if row.get_by_name::<String, _>("state")?.as_deref() != Some("active") {
            return Err(run::no_longer_active(client, context, run.id)?);
        }
        Ok(Self {
            run_id: run.id,
            bounds,
            checkpoint: row.get_by_name("last_id")?,
            tickets: row.get_by_name("range_tickets")?.unwrap_or(0),
            claimed_at: row.get_by_name("read_at")?.ok_or(pgrx::spi::Error::InvalidPosition)?,
        })
    }

    /// What is left of it: there is something, since the batch that reaches its last key ends it.
    pub fn rest(&self) -> Interval {
        let first_id = self.checkpoint.map_or(self.bounds.first_id, |last_id| last_id + 1);
        Interval { first_id, ..self.bounds }
    }

    /// Leaves the tickets below a key, if there are any, to a range of their own.
    pub fn split_at(self, client: &mut SpiClient, context: &Context, from: i64) -> Result<Self, TicketError> {
        let rest = self.rest();
        if from <= rest.first_id {
            return Ok(self);
        }
        let below = Interval { last_id: from - 1, ..rest };
        if below.first(client, context, 1)?.tickets == 0 {
            return Ok(self);
        }
        let args = [self.run_id.into(), self.bounds.first_id.into(), from.into(), self.bounds.last_id.into()];
        context.session.write(client, include_str!("queries/split_range.sql"), &args)?;
        let bounds = Interval { first_id: from, ..self.bounds };
        Ok(Self { bounds, checkpoint: None, tickets: 0, ..self })
    }

    pub fn finish(&self, client: &mut SpiClient, context: &Context, phase: Phase) -> Result<(), TicketError> {
        let sql = phase.fill(include_str!("queries/finish_range.sql"));
        context.session.write(client, &sql, &[self.run_id.into(), self.bounds.first_id.into()])?;
        Ok(())
    }
}

fn left_from(
    client: &mut SpiClient,
    context: &Context,
    run: &Run,
    phase: Phase,
    from: i64,
) -> Result<bool, TicketError> {
    let sql = phase.fill(include_str!("queries/ranges_left.sql"));
    let row = context.session.write(client, &sql, &[run.id.into(), from.into()])?.first();
    Ok(row.get_one()?.unwrap_or(true))
}

fn lock(
    client: &mut SpiClient,
    context: &Context,
    sql: &str,
    run: &Run,
    from: i64,
) -> Result<Option<Interval>, TicketError> {
    let row = context.session.write(client, sql, &[run.id.into(), from.into()])?.first();
    if row.is_empty() {
        return Ok(None);
    }
    let (first_id, last_id) = row.get_two()?;
    Ok(first_id.zip(last_id).map(|(first_id, last_id)| Interval { first_id, last_id }))
}
