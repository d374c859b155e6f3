//! Where a run stands: one row of `batch_progress`, and what follows from it.

mod rate;
mod tracker;

use postgres::Row;

pub use tracker::{Snapshot, Tracker};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
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

#[derive(Clone, Debug)]
pub struct Progress {
    pub run_id: i64,
    pub state: State,
    pub last_id: Option<i64>,
    pub done: i64,
    pub planned: i64,
}

impl Progress {
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

    /// None where nothing more will happen by itself.
    pub fn remaining(&self) -> Option<i64> {
        match self.state {
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
            last_id: row.get("last_id"),
            done: row.get("tickets_done"),
            planned: row.get("tickets_planned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(done: i64, planned: i64, state: State) -> f64 {
        Progress { run_id: 1, state, last_id: None, done, planned }.percent()
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
