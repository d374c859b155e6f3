//! One JSON object a line, for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Display, Event, LineInterval};
use crate::console;
use crate::error::Error;
use crate::pace::Tuning;
use crate::progress::{Phase, Snapshot};
use crate::session::{DryRun, Place, Retrying};

pub struct Json {
    interval: LineInterval,
    /// Where the run stood last, to be repeated if it fails.
    last: Option<Snapshot>,
}

impl Json {
    pub fn new(interval: Duration) -> Self {
        Self { interval: LineInterval::new(interval), last: None }
    }
}

impl Display for Json {
    fn show(&mut self, event: Event, snapshot: Option<&Snapshot>) -> io::Result<()> {
        self.last = snapshot.cloned();
        if self.interval.lets_through(event) {
            print(&object(event.name(), snapshot))?;
        }
        Ok(())
    }

    fn place(&mut self, place: &Place, snapshot: &Snapshot) -> io::Result<()> {
        self.last = Some(snapshot.clone());
        let mut line = object("rotating", self.last.as_ref());
        place.json().into_iter().for_each(|(key, value)| line[key] = value);
        print(&line)
    }

    fn dry_run(&mut self, dry_run: &DryRun) -> io::Result<()> {
        let (batch, run) = (dry_run.batch, dry_run.forecast());
        let mut line = object("dry_run", self.last.as_ref());
        line["batch_tickets"] = batch.map(|batch| batch.tickets).into();
        line["batch_seconds"] = batch.map(|batch| batch.time.as_secs_f64()).into();
        line["batch_wal_bytes"] = batch.and_then(|batch| batch.wal).into();
        line["run_tickets"] = run.map(|run| run.tickets).into();
        line["run_seconds"] = run.map(|run| run.time.as_secs_f64()).into();
        line["run_wal_bytes"] = run.and_then(|run| run.wal).into();
        print(&line)
    }

    fn warn(&mut self, kind: &str, text: &str) -> io::Result<()> {
        self.note(&format!("warning: {text}"))?;
        let mut line = object("warning", self.last.as_ref());
        (line["warning"], line["text"]) = (kind.into(), text.into());
        print(&line)
    }

    fn tuned(&mut self, tuning: Tuning) -> io::Result<()> {
        self.note(&format!("tuned: {tuning}"))?;
        let mut line = object("tuned", self.last.as_ref());
        tuning.json().into_iter().for_each(|(key, value)| line[key] = value);
        print(&line)
    }

    fn retrying(&mut self, retrying: &Retrying) -> io::Result<()> {
        console::note(&retrying.to_string());
        let mut line = object("retrying", self.last.as_ref());
        line["reason"] = retrying.reason.as_str().into();
        line["sqlstate"] = retrying.sqlstate.as_deref().into();
        line["wait_seconds"] = (retrying.wait.as_millis() as f64 / 1000.0).into();
        line["batch"] = retrying.batch.into();
        print(&line)
    }

    fn failed(&mut self, error: &Error) -> io::Result<()> {
        let mut line = object("failed", self.last.as_ref());
        line["error"] = error.to_string().into();
        line["sqlstate"] = error.code().map(|code| code.code()).into();
        line["detail"] = error.detail().into();
        line["hint"] = error.hint().into();
        print(&line)
    }
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Progress => "progress",
            Self::Throttled => "throttled",
            Self::Finished => "finished",
            Self::AlreadyFinished => "already_finished",
            Self::Interrupted => "interrupted",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Every line has every key; what is not known yet is null.
fn object(event: &str, snapshot: Option<&Snapshot>) -> Value {
    let progress = snapshot.map(|snapshot| &snapshot.progress);
    let rate = snapshot.and_then(|snapshot| snapshot.tickets_per_second);
    let remaining = snapshot.and_then(|snapshot| snapshot.remaining);
    json!({
        "event": event,
        "run_id": progress.map(|progress| progress.run_id),
        "state": progress.map(|progress| progress.state.name()),
        "phase": progress.and_then(|progress| progress.phase).map(Phase::name),
        "tickets_done": progress.map(|progress| progress.done),
        "tickets_planned": progress.map(|progress| progress.planned),
        "percent": progress.map(|progress| progress.percent()),
        "tickets_per_second": rate.map(|rate| (rate * 10.0).round() / 10.0),
        "seconds_remaining": remaining.map(|time| time.as_secs_f64().ceil() as u64),
        "last_id": progress.and_then(|progress| progress.last_id),
        "finished_at": progress.and_then(|progress| progress.finished_at.as_ref()),
        "seconds_since_finish": progress.and_then(|progress| progress.since_finish).map(|time| time.as_secs()),
        "throttle": snapshot.and_then(|snapshot| snapshot.throttle.as_ref()),
    })
}

fn print(line: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    #[test]
    fn a_line_holds_numbers_and_null_for_the_unknown() {
        let progress = Progress {
            run_id: 1,
            phase: Some(Phase::Rotating),
            last_id: Some(5),
            done: 5,
            planned: 10,
            ..Progress::default()
        };
        let snapshot = Snapshot { progress, tickets_per_second: Some(1.26), remaining: None, throttle: None };
        let expected = r#"{"event":"progress","run_id":1,"state":"active","phase":"rotating","tickets_done":5,"tickets_planned":10,"percent":50.0,"tickets_per_second":1.3,"seconds_remaining":null,"last_id":5,"finished_at":null,"seconds_since_finish":null,"throttle":null}"#;
        assert_eq!(object("progress", Some(&snapshot)).to_string(), expected);
    }
}
