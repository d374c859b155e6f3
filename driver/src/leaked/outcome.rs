//! What became of a listed token.

use crate::key::Key;

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The first of the tickets that have it.
    pub live: Option<Key>,
    /// By the newest of the runs that did.
    pub retired: Option<Retired>,
}

#[derive(Clone, Debug)]
pub struct Retired {
    pub run_id: i64,
    pub key: Key,
    pub at: String,
}

impl Outcome {
    pub fn add_live(&mut self, key: Key) {
        self.live = Some(self.live.take().map_or(key.clone(), |known| known.min(key)));
    }

    pub fn add_retired(&mut self, retired: Retired) {
        let newer = |known: &Retired| (retired.run_id, &retired.at) > (known.run_id, &known.at);
        if self.retired.as_ref().is_none_or(newer) {
            self.retired = Some(retired);
        }
    }

    /// As `trace_ticket_token` calls it.
    pub fn state(&self) -> &'static str {
        match self {
            Self { live: Some(_), .. } => "live",
            Self { retired: Some(_), .. } => "retired",
            Self { live: None, retired: None } => "unknown",
        }
    }

    /// The ticket that has it, or else had it.
    pub fn key(&self) -> Option<&Key> {
        self.live.as_ref().or(self.retired.as_ref().map(|retired| &retired.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retired(run_id: i64, at: &str) -> Retired {
        Retired { run_id, key: Key::Number(run_id * 10), at: at.to_owned() }
    }

    #[test]
    fn the_newest_run_and_the_first_ticket_count() {
        let mut outcome = Outcome::default();
        assert_eq!((outcome.state(), outcome.key()), ("unknown", None));
        for (run, at) in [(1, "2025-11-03"), (2, "2025-12-01"), (1, "2025-11-04"), (2, "2025-11-30")] {
            outcome.add_retired(retired(run, at));
        }
        assert_eq!((outcome.state(), outcome.key()), ("retired", Some(&Key::Number(20))));
        assert_eq!(outcome.retired.as_ref().map(|retired| &*retired.at), Some("2025-12-01"));
        [7, 5, 6].into_iter().for_each(|key| outcome.add_live(Key::Number(key)));
        assert_eq!((outcome.state(), outcome.key()), ("live", Some(&Key::Number(5))));
    }
}
