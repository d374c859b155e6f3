//! What was said a moment ago is not said again at once.

use std::time::{Duration, Instant};

pub struct Repeat<T> {
    after: Duration,
    last: Option<(T, Instant)>,
}

impl<T: PartialEq> Repeat<T> {
    /// The same is said again `after` so long.
    pub fn new(after: Duration) -> Self {
        Self { after, last: None }
    }

    pub fn is_due(&self, value: &T, now: Instant) -> bool {
        let recent = |(last, at): &(T, Instant)| last == value && now.duration_since(*at) < self.after;
        !self.last.as_ref().is_some_and(recent)
    }

    pub fn said(&mut self, value: T, now: Instant) {
        self.last = Some((value, now));
    }

    pub fn last(&self) -> Option<&T> {
        self.last.as_ref().map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_due_at_once_and_the_same_after_a_while() {
        let (now, after) = (Instant::now(), Duration::from_secs(5));
        let mut repeat = Repeat::new(after);
        assert!(repeat.is_due(&"lag", now));
        repeat.said("lag", now);
        assert!(repeat.is_due(&"load", now));
        assert_eq!([after / 2, after].map(|time| repeat.is_due(&"lag", now + time)), [false, true]);
    }
}
