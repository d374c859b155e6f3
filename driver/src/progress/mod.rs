//! Where a run stands: one row of `batch_progress`, and what follows from it.

mod rate;
mod tracker;

use std::time::Duration;

use postgres::Row;

use crate::pace::Tuning;

pub use tracker::{Snapshot, Tracker};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Active,
    Paused,
    Cancelled,
    Finished,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }

    fn parse(name: &str) -> Self {
        [Self::Paused, Self::Cancelled, Self::Finished]
            .into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Active)
    }
}

/// A row of `batch_progress`, times as text.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    pub run_id: i64,
    pub state: State,
    /// Of an active run.
    pub phase: Option<Phase>,
    pub last_id: Option<i64>,
    pub done: i64,
    pub planned: i64,
    /// The server's own estimate; None: no batch was committed for half a minute.
    pub tickets_per_second: Option<f64>,
    pub seconds_remaining: Option<f64>,
    /// Since the last batch, or the start.
    pub idle: Duration,
    pub waiting_for: Option<String>,
    /// How many sessions can still rotate side by side.
    pub ranges_left: usize,
    pub tuning: Tuning,
    pub started_at: Option<String>,
    pub updated_at: Option<String>,
    pub last_batch_at: Option<String>,
    pub finished_at: Option<String>,
    /// How long ago that was.
    pub since_finish: Option<Duration>,
    /// Writes of tokens that the run had retired, which the guard held off, and the last of them.
    pub held_off: i64,
    pub held_off_key: Option<String>,
    pub held_off_at: Option<String>,
    /// What orders the tickets, what new tokens look like, and how many had none at the start.
    pub key_column: String,
    pub token_format: String,
    pub without_token: i64,
    /// The first transaction id that was unused when this was read.
    pub next_transaction: i64,
}

/// What an active run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Rotating,
    /// All ranges are rotated: it looks for tickets that came in between.
    Sweeping,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rotating => "rotating",
            Self::Sweeping => "sweeping",
        }
    }

    fn parse(name: &str) -> Self {
        if name == Self::Sweeping.name() { Self::Sweeping } else { Self::Rotating }
    }
}

/// After so long without a batch there is no rate to go by, as in `batch_progress`.
const IDLE: Duration = Duration::from_secs(30);

impl Progress {
    pub fn is_sweeping(&self) -> bool {
        self.phase == Some(Phase::Sweeping)
    }

    /// How long nobody has rotated an active run.
    pub fn idle_for(&self) -> Option<Duration> {
        let idle = self.state == State::Active && self.tickets_per_second.is_none() && self.idle >= IDLE;
        idle.then_some(self.idle)
    }

    /// At most 100, and not 100.00 while anything is left: 99.996 is shown as 99.99.
    pub fn percent(&self) -> f64 {
        if self.state == State::Finished {
            return 100.0;
        }
        if self.done >= self.planned {
            return if self.planned > 0 { 100.0 } else { 0.0 };
        }
        let exact = 100.0 * self.done as f64 / self.planned as f64;
        ((exact * 100.0).round() / 100.0).min(99.99)
    }

    /// None where nothing more will happen by itself, and while the tickets are looked through: how many of them are to
    /// be rotated is not known.
    pub fn remaining(&self) -> Option<i64> {
        match self.state {
            State::Active if self.is_sweeping() => None,
            State::Active => Some((self.planned - self.done).max(0)),
            State::Finished => Some(0),
            State::Paused | State::Cancelled => None,
        }
    }
}

impl From<&Row> for Progress {
    fn from(row: &Row) -> Self {
        Self {
            run_id: row.get("run_id"),
            state: State::parse(row.get("state")),
            phase: row.get::<_, Option<&str>>("phase").map(Phase::parse),
            last_id: row.get("last_id"),
            done: row.get("tickets_done"),
            planned: row.get("tickets_planned"),
            tickets_per_second: row.get("tickets_per_second"),
            seconds_remaining: row.get("seconds_remaining"),
            idle: Duration::try_from_secs_f64(row.get("idle_seconds")).unwrap_or_default(),
            waiting_for: row.get("waiting_for"),
            ranges_left: usize::try_from(row.get::<_, i64>("ranges_left")).unwrap_or_default(),
            tuning: Tuning::from(row),
            started_at: row.get("started_at"),
            updated_at: row.get("updated_at"),
            last_batch_at: row.get("last_batch_at"),
            finished_at: row.get("finished_at"),
            since_finish: row
                .get::<_, Option<f64>>("finished_seconds")
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            held_off: row.get("held_off"),
            held_off_key: row.get("held_off_key"),
            held_off_at: row.get("held_off_at"),
            key_column: row.get("key_column"),
            token_format: row.get("token_format"),
            without_token: row.get("without_token"),
            next_transaction: row.get("next_transaction"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(done: i64, planned: i64, state: State) -> f64 {
        Progress { state, done, planned, ..Progress::default() }.percent()
    }

    #[test]
    fn an_active_run_without_a_rate_is_idle_after_half_a_minute() {
        let idle_for = |state, rate, seconds| {
            let idle = Duration::from_secs(seconds);
            Progress { state, tickets_per_second: rate, idle, ..Progress::default() }.idle_for()
        };
        assert_eq!(idle_for(State::Active, None, 30), Some(IDLE));
        assert_eq!(idle_for(State::Active, None, 29), None);
        assert_eq!(idle_for(State::Active, Some(1.0), 31), None);
        assert_eq!(idle_for(State::Paused, None, 31), None);
    }

    #[test]
    fn a_sweep_has_no_end_in_sight() {
        let remaining =
            |phase| Progress { phase: Some(phase), planned: 9, ..Progress::default() }.remaining();
        assert_eq!([Phase::Rotating, Phase::Sweeping].map(remaining), [Some(9), None]);
    }

    #[test]
    fn percent_is_rounded_and_never_above_100() {
        assert_eq!(percent(14_800, 48_850, State::Active), 30.30);
        assert_eq!(percent(11, 10, State::Active), 100.0);
    }

    #[test]
    fn percent_is_100_only_when_nothing_is_left() {
        assert_eq!(percent(999_999, 1_000_000, State::Active), 99.99);
        assert_eq!(percent(0, 0, State::Active), 0.0);
        assert_eq!(percent(8, 10, State::Finished), 100.0);
    }

    #[test]
    fn states_survive_their_names() {
        for state in [State::Active, State::Paused, State::Cancelled, State::Finished] {
            assert_eq!(State::parse(state.name()), state);
        }
    }
}
