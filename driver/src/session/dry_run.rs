//! A batch that is rolled back: what a run would meet, and what it would cost.

use std::time::{Duration, Instant};

use postgres::Transaction;
use postgres::types::Type;

use super::transaction::{begin, lift_limits};
use super::{Parameter, Session, StartOptions, Target, fill, rotation, starting, starting_first};
use crate::error::Error;
use crate::pace::SynchronousCommit;
use crate::progress::Progress;

#[derive(Debug, Default)]
pub struct DryRun {
    /// None: there is nothing to rotate.
    pub batch: Option<DryBatch>,
    /// As the transaction saw it before the batch; None: the table has never had a run, nor anything for one.
    pub progress: Option<Progress>,
}

#[derive(Clone, Copy, Debug)]
pub struct DryBatch {
    pub tickets: i64,
    pub time: Duration,
    /// Of all sessions meanwhile; None: this server does not tell.
    pub wal: Option<i64>,
}

impl DryRun {
    /// What is left for a run, at the pace of the batch: on one connection, and as long as nobody is in the way.
    pub fn forecast(&self) -> Option<DryBatch> {
        let (batch, progress) = (self.batch?, self.progress.as_ref()?);
        let left = progress.planned - progress.done;
        let times = left as f64 / batch.tickets.max(1) as f64;
        let wal = batch.wal.map(|bytes| (bytes as f64 * times) as i64);
        Some(DryBatch { tickets: left, time: batch.time.mul_f64(times.max(0.0)), wal })
    }
}

impl Session {
    /// Starts a run where `run` would, rotates one batch, and rolls all of it back.
    pub fn dry_run(&mut self, options: &StartOptions, new: bool, batch: i32) -> Result<DryRun, Error> {
        let (schema, target) = (self.schema.clone(), self.target.clone());
        let mut transaction = begin(&mut self.client)?;
        lift_limits(&mut transaction)?;
        let mut trial = Trial { transaction, schema, target };
        trial.start(options, new)?;
        let Some(before) = trial.progress()? else { return Ok(DryRun::default()) };
        let batch = trial.rotate(batch, before.done)?;
        trial.transaction.rollback()?;
        Ok(DryRun { batch, progress: Some(before) })
    }
}

struct Trial<'a> {
    transaction: Transaction<'a>,
    schema: String,
    target: Target,
}

impl Trial<'_> {
    fn start(&mut self, options: &StartOptions, new: bool) -> Result<(), Error> {
        let is_first = !new && self.progress()?.is_none();
        if new || is_first && !options.is_default() {
            let (call, arguments) = starting(options);
            self.call(&call, &arguments)?;
        } else if is_first {
            self.call(&starting_first(), &[])?;
        }
        Ok(())
    }

    fn rotate(&mut self, batch: i32, done: i64) -> Result<Option<DryBatch>, Error> {
        let (position, began) = (wal_position(&mut self.transaction)?, Instant::now());
        self.call(&rotation(SynchronousCommit::On), &[(&batch, Type::INT4)])?;
        let time = began.elapsed();
        let wal = wal_position(&mut self.transaction)?.zip(position).map(|(after, before)| after - before);
        let tickets = self.progress()?.map_or(0, |progress| progress.done - done);
        Ok((tickets > 0).then_some(DryBatch { tickets, time, wal }))
    }

    fn progress(&mut self) -> Result<Option<Progress>, Error> {
        let sql = fill(include_str!("../sql/progress.sql"), &[("schema", &self.schema)]);
        let row = self.transaction.query_typed_opt(&sql, &self.target.parameters())?;
        Ok(row.as_ref().map(Progress::from))
    }

    fn call(&mut self, call: &str, more: &[Parameter]) -> Result<(), Error> {
        let parameters = [&self.target.parameters(), more].concat();
        self.transaction.query_typed_one(&format!("SELECT {}.{call}", self.schema), &parameters)?;
        Ok(())
    }
}

/// A server that refuses to tell must not end the transaction.
fn wal_position(transaction: &mut Transaction) -> Result<Option<i64>, Error> {
    let mut attempt = transaction.transaction()?;
    let position = attempt.query_typed_one(include_str!("../sql/wal_position.sql"), &[]);
    let position = position.and_then(|row| row.try_get(0)).ok();
    if position.is_some() {
        attempt.commit()?;
    } else {
        attempt.rollback()?;
    }
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_is_what_is_left_at_the_pace_of_the_batch() {
        let batch = DryBatch { tickets: 100, time: Duration::from_millis(20), wal: Some(5000) };
        let progress = Progress { done: 500, planned: 1000, ..Progress::default() };
        let forecast = DryRun { batch: Some(batch), progress: Some(progress) }.forecast().expect("tickets");
        assert_eq!((forecast.tickets, forecast.wal), (500, Some(25_000)));
        assert_eq!(forecast.time, Duration::from_millis(100));
    }
}
