//! One line now and then, for logs.

use std::io::{self, Write};
use std::time::Duration;

use super::{Display, Event, LineInterval};
use crate::progress::Snapshot;

pub struct Plain(LineInterval);

impl Plain {
    pub fn new(interval: Duration) -> Self {
        Self(LineInterval::new(interval))
    }
}

impl Display for Plain {
    fn show(&mut self, event: Event, snapshot: Option<&Snapshot>) -> io::Result<()> {
        let Some(snapshot) = snapshot.filter(|_| self.0.lets_through(event)) else {
            return Ok(());
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{}", line(snapshot))?;
        out.flush()
    }
}

fn line(snapshot: &Snapshot) -> String {
    let progress = &snapshot.progress;
    let remaining = match snapshot.remaining {
        Some(time) => format!("{:.0} second(s)", time.as_secs_f64().ceil()),
        None => "-".to_owned(),
    };
    let waits = snapshot.throttle.as_ref().map(|reason| format!(" | waits: {reason}")).unwrap_or_default();
    format!(
        "completed: {:.2} % ({} of {}) | remaining time: {remaining}{waits}",
        progress.percent(),
        progress.done,
        progress.planned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Progress, State};

    fn snapshot(remaining: Option<Duration>) -> Snapshot {
        let progress =
            Progress { run_id: 1, state: State::Active, last_id: None, done: 14_800, planned: 48_850 };
        Snapshot { progress, tickets_per_second: None, remaining, throttle: None }
    }

    #[test]
    fn the_line_has_its_exact_form() {
        assert_eq!(
            line(&snapshot(Some(Duration::from_millis(20_100)))),
            "completed: 30.30 % (14800 of 48850) | remaining time: 21 second(s)"
        );
    }

    #[test]
    fn a_reason_to_wait_comes_last() {
        let waiting = Snapshot { throttle: Some("standby a is behind".into()), ..snapshot(None) };
        assert!(line(&waiting).ends_with("| remaining time: - | waits: standby a is behind"));
    }

    #[test]
    fn an_unknown_time_is_a_dash() {
        assert!(line(&snapshot(None)).ends_with("| remaining time: -"));
    }
}
