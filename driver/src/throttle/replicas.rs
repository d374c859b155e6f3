//! `--max-replica-lag`: how far standbys and logical slots are behind.
//!
//! A synchronous standby counts as any other: a batch waits for it only with `--synchronous-commit on`. Of standbys
//! behind a standby nothing is seen here.

use std::time::{Duration, Instant};

use postgres::Row;
use postgres::error::SqlState;
use postgres::types::Type;

use super::lag::Lag;
use super::positions::Positions;
use super::{Throttle, statistics};
use crate::error::Error;
use crate::session::Session;

/// What Aurora says to the functions that read positions of the WAL.
const REFUSED: [&SqlState; 2] =
    [&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, &SqlState::FEATURE_NOT_SUPPORTED];

pub struct Replicas {
    /// None: all standbys that are connected, and all logical slots of the database.
    names: Option<Vec<String>>,
    time: Option<(Duration, Positions)>,
    bytes: Option<i64>,
}

struct Replica {
    name: String,
    replayed: i64,
    behind: i64,
    replay_lag: Option<Duration>,
}

impl Replicas {
    /// Of several limits of a kind the strictest counts.
    pub fn new(limits: &[Lag], names: &[String]) -> Self {
        let time = limits.iter().filter_map(|limit| limit.time()).min();
        Self {
            names: (!names.is_empty()).then(|| names.to_vec()),
            time: time.map(|limit| (limit, Positions::new(limit))),
            bytes: limits.iter().filter_map(|limit| limit.bytes()).min(),
        }
    }

    fn judge(&self, replicas: &[Replica], now: Instant) -> Option<String> {
        let time = self.time.as_ref().and_then(|(limit, positions)| {
            let late = |replica: &&Replica| positions.is_late(now, replica.replayed, replica.replay_lag);
            reason(replicas.iter().filter(late), Lag::Time(*limit))
        });
        let bytes = self.bytes.and_then(|most| {
            reason(replicas.iter().filter(|replica| replica.behind > most), Lag::Bytes(most))
        });
        let reasons: Vec<String> = time.into_iter().chain(bytes).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

impl Throttle for Replicas {
    fn name(&self) -> &'static str {
        "the replica lag"
    }

    fn hint(&self, error: &Error) -> Option<&'static str> {
        error.code().filter(|code| REFUSED.contains(code)).map(|_| {
            "Aurora has a function of its own for that: --throttle-query \
             'SELECT max(replica_lag_in_msec) > 10000 FROM aurora_replica_status()'"
        })
    }

    fn read(&mut self, session: &mut Session, now: Instant) -> Result<Option<String>, Error> {
        let sql = include_str!("../sql/throttle_replicas.sql");
        let rows = session.rows(sql, &[(&self.names, Type::TEXT_ARRAY)])?;
        for row in &rows {
            statistics::require(row, "how far replicas are")?;
            if let Some((_, positions)) = &mut self.time {
                positions.note(now, row.get("written"), checkpoint(row, now));
            }
        }
        let replicas = rows.iter().filter_map(Replica::from).collect::<Result<Vec<_>, _>>()?;
        Ok(self.judge(&replicas, now))
    }
}

impl Replica {
    /// The row without a name stands for no replica at all.
    fn from(row: &Row) -> Option<Result<Self, Error>> {
        let name: String = row.get::<_, Option<_>>("name")?;
        let Some(replayed) = row.get::<_, Option<i64>>("replayed") else {
            return Some(Err(Error::ReplicaMissing(name)));
        };
        let behind = row.get::<_, i64>("written") - replayed;
        Some(Ok(Self { name, replayed, behind, replay_lag: seconds(row, "replay_lag") }))
    }
}

/// Where the WAL stood at the last checkpoint: an observation from before the driver started.
fn checkpoint(row: &Row, now: Instant) -> Option<(Instant, i64)> {
    let age = seconds(row, "checkpoint_age")?;
    Some((now.checked_sub(age)?, row.get("checkpoint")))
}

fn seconds(row: &Row, column: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(row.get::<_, Option<f64>>(column)?).ok()
}

fn reason<'a>(replicas: impl Iterator<Item = &'a Replica>, limit: Lag) -> Option<String> {
    let names: Vec<&str> = replicas.map(|replica| replica.name.as_str()).collect();
    let verb = if names.len() == 1 { "replica {} is" } else { "replicas {} are" };
    (!names.is_empty()).then(|| format!("{} more than {limit} behind", verb.replace("{}", &names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(name: &str, behind: i64) -> Replica {
        Replica { name: name.into(), replayed: 1 << 30, behind, replay_lag: None }
    }

    #[test]
    fn the_replicas_that_are_too_far_behind_are_named() {
        let limits = ["64MB", "10s", "1MB"].map(|limit| limit.parse().unwrap());
        let judge = |replicas: &[Replica]| Replicas::new(&limits, &[]).judge(replicas, Instant::now());
        let (near, far) = (1 << 20, (1 << 20) + 1);
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[replica("a", near)]), None);
        let one = judge(&[replica("a", near), replica("b", far)]);
        assert_eq!(one.as_deref(), Some("replica b is more than 1MB behind"));
        let two = judge(&[replica("a", far), replica("b", far)]);
        assert_eq!(two.as_deref(), Some("replicas a, b are more than 1MB behind"));
    }
}
