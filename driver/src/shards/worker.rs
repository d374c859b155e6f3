//! One connection to a node, which rotates the shards that are there, one after the other.

use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::board::{Board, Turn};
use crate::connect::Address;
use crate::error::Error;
use crate::pace::{BatchSize, PaceOptions};
use crate::session::{Link, Retrying, ShardNames};

/// Often enough for the eye.
const OBSERVED_EVERY: Duration = Duration::from_millis(500);
/// How soon a shard that has come to the node is found.
const LOOKED_EVERY: Duration = Duration::from_millis(200);

pub enum Report {
    Batch,
    Retrying(Address, Retrying),
    /// Why it ended, where it was not because nothing was left.
    Ended(Result<(), Error>),
}

/// What the workers have in common.
pub struct Common {
    pub board: Board,
    pub pace: PaceOptions,
    /// Nodes whose workers have given up.
    pub deserted: Mutex<Vec<Address>>,
}

pub struct Worker {
    pub link: Link,
    pub node: Address,
    pub common: Arc<Common>,
    pub reports: Sender<Report>,
    pub batch: BatchSize,
}

impl Worker {
    pub fn run(mut self) {
        let ended = self.work();
        if let Err(Error::GaveUp { .. }) = &ended {
            self.common.deserted().push(self.node.clone());
        }
        // Nobody listens any more if the output is closed.
        let _ = self.reports.send(Report::Ended(ended));
    }

    fn work(&mut self) -> Result<(), Error> {
        self.survey()?;
        loop {
            if let Some(signal) = self.link.interrupted() {
                return Err(Error::Interrupted(signal));
            }
            let deserted = self.common.deserted().clone();
            match self.common.board.turn(&self.node, &deserted) {
                Turn::Leave => return Ok(()),
                Turn::Wait => drop(self.link.sleep(LOOKED_EVERY)),
                Turn::Work(shard) => self.rotate(&shard)?,
            }
        }
    }

    /// How much there is to do on this node.
    fn survey(&mut self) -> Result<(), Error> {
        for shard in self.common.board.of_node(&self.node) {
            while let Err(error) = self.observe(&shard) {
                if is_missing(&error) {
                    break;
                }
                self.wait_out(error)?;
            }
        }
        Ok(())
    }

    /// Until it has ended, or is for others to go on with.
    fn rotate(&mut self, shard: &ShardNames) -> Result<(), Error> {
        let common = Arc::clone(&self.common);
        let board = &common.board;
        match self.rotate_batches(shard).map_err(|error| self.or_interrupted(error)) {
            Ok(true) => board.ended(shard.id),
            Ok(false) => board.release(shard.id),
            Err(error) if is_missing(&error) => board.missed(shard.id, error),
            Err(error) => match self.wait_out(error) {
                Ok(()) => board.release(shard.id),
                Err(error @ (Error::GaveUp { .. } | Error::Interrupted(_) | Error::Output(_))) => {
                    board.release(shard.id);
                    return Err(error);
                }
                Err(error) => board.failed(shard.id, error),
            },
        }
        Ok(())
    }

    /// Whether it has ended; else a signal has arrived.
    fn rotate_batches(&mut self, shard: &ShardNames) -> Result<bool, Error> {
        let mut observed = Instant::now();
        while self.link.interrupted().is_none() {
            let (size, commit, began) =
                (self.batch.get(), self.common.pace.synchronous_commit, Instant::now());
            let last_id = self.link.attempt(|session| session.rotate_shard(size, shard, commit))?;
            self.link.progressed();
            self.common.board.worked(shard.id);
            if last_id.is_none() {
                self.observe(shard)?;
                return Ok(true);
            }
            let worked = began.elapsed();
            self.batch = self.batch.after_commit(worked);
            self.report(Report::Batch)?;
            if observed.elapsed() > OBSERVED_EVERY {
                self.observe(shard)?;
                observed = Instant::now();
            }
            if self.common.pace.nice > 0.0 {
                self.link.sleep(worked.mul_f64(self.common.pace.nice));
            }
        }
        Ok(false)
    }

    fn observe(&mut self, shard: &ShardNames) -> Result<(), Error> {
        if let Some(progress) = self.link.attempt(|session| session.shard_progress(shard))? {
            self.common.board.observe(shard.id, progress.done, progress.planned);
        }
        Ok(())
    }

    fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        if error.is_about_time() && error.held_by().is_none() {
            self.batch = self.batch.after_lock_timeout();
        }
        let (reports, node) = (&self.reports, &self.node);
        let mut tell = |retrying: &Retrying| send(reports, Report::Retrying(node.clone(), retrying.clone()));
        self.link.wait_out(error, None, &mut tell)
    }

    /// Cancelled by the second signal.
    fn or_interrupted(&self, error: Error) -> Error {
        match self.link.interrupted() {
            Some(signal) if error.is_cancelled_query() => Error::Interrupted(signal),
            _ => error,
        }
    }

    fn report(&self, report: Report) -> io::Result<()> {
        send(&self.reports, report)
    }
}

impl Common {
    pub fn deserted(&self) -> std::sync::MutexGuard<'_, Vec<Address>> {
        self.deserted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shard or its ledger is not there, or is there no longer.
pub fn is_missing(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}

fn send(reports: &Sender<Report>, report: Report) -> io::Result<()> {
    reports.send(report).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
