//! Shows the newest run, once or until it has ended.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use postgres::Row;
use serde_json::{Value, json};

use super::command_line::to_paste;
use crate::cli::{Format, Status};
use crate::console;
use crate::error::Error;
use crate::exit::Exit;
use crate::pace::Tuning;
use crate::progress::{Progress, State};
use crate::session::{Link, RepeatFilter, Retrying, Scope, Target};
use crate::signals::Interrupt;

pub fn status(scope: &Scope, options: &Status) -> Result<Exit, Error> {
    let retry_for = options.watch.map_or(Duration::ZERO, |_| options.retry.retry_for);
    let mut link = Link::new(scope, false, retry_for, Interrupt::default());
    let mut filter = RepeatFilter::default();
    for round in 0.. {
        let (row, target) = read(&mut link, &mut filter)?;
        let view = View { scope, target: &target, row: row.as_ref() };
        let mut out = io::stdout().lock();
        match options.format {
            Format::Text if round > 0 => writeln!(out, "\n{}", view.text())?,
            Format::Text => writeln!(out, "{}", view.text())?,
            Format::Json => writeln!(out, "{}", view.json())?,
        }
        out.flush()?;
        match options.watch {
            Some(seconds) if view.may_change() => thread::sleep(Duration::from_secs(seconds)),
            _ => break,
        }
    }
    Ok(Exit::Finished)
}

fn read(link: &mut Link, filter: &mut RepeatFilter) -> Result<(Option<Row>, Target), Error> {
    let mut tell = |retrying: &Retrying| {
        if filter.is_news(retrying) {
            console::note(&retrying.to_string());
        }
        Ok(())
    };
    let seen = link.persist(&mut tell, |session| Ok((session.progress()?, session.target().clone())))?;
    link.progressed();
    Ok(seen)
}

struct View<'a> {
    scope: &'a Scope,
    target: &'a Target,
    row: Option<&'a Row>,
}

impl View<'_> {
    fn may_change(&self) -> bool {
        let state = self.row.map(|row| Progress::from(row).state);
        !matches!(state, Some(State::Finished | State::Cancelled))
    }

    fn text(&self) -> String {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let Some(row) = self.row else {
            let run = to_paste(self.scope, &["run"]);
            return format!("{table} ({token_column}) has never had a run; start one with: {run}");
        };
        let progress = Progress::from(row);
        let rate: Option<f64> = row.get("tickets_per_second");
        let remaining: Option<f64> = row.get("seconds_remaining");
        let tuning = Tuning::from(row);
        let lines = [
            ("target", Some(format!("{table} ({token_column})"))),
            ("run", Some(progress.run_id.to_string())),
            ("state", Some(progress.state.name().to_owned())),
            ("completed", Some(completed(&progress))),
            ("rate", rate.map(|rate| format!("{rate:.0} tickets/s"))),
            ("remaining time", remaining.map(|time| format!("{:.0} second(s)", time.ceil()))),
            ("waits for", row.get("waiting_for")),
            ("tuned", (tuning != Tuning::default()).then(|| tuning.to_string())),
            ("last id", progress.last_id.map(|id| id.to_string())),
            ("started", row.get("started_at")),
            ("updated", row.get("updated_at")),
            ("finished", row.get("finished_at")),
        ];
        lines.map(|(label, value)| format!("{label:<16}{}", value.as_deref().unwrap_or("-"))).join("\n")
    }

    fn json(&self) -> Value {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let Some(row) = self.row else {
            return json!({ "run_id": null, "target": table, "token_column": token_column });
        };
        let progress = Progress::from(row);
        let mut status = json!({
            "run_id": progress.run_id,
            "target": table,
            "token_column": token_column,
            "state": progress.state.name(),
            "last_id": progress.last_id,
            "tickets_done": progress.done,
            "tickets_planned": progress.planned,
            "percent": progress.percent(),
            "tickets_per_second": row.get::<_, Option<f64>>("tickets_per_second"),
            "seconds_remaining": row.get::<_, Option<f64>>("seconds_remaining"),
            "waiting_for": row.get::<_, Option<String>>("waiting_for"),
            "started_at": row.get::<_, Option<String>>("started_at"),
            "updated_at": row.get::<_, Option<String>>("updated_at"),
            "finished_at": row.get::<_, Option<String>>("finished_at"),
        });
        Tuning::from(row).json().into_iter().for_each(|(key, value)| status[key] = value);
        status
    }
}

fn completed(progress: &Progress) -> String {
    let Progress { done, planned, .. } = progress;
    format!("{:.2} % ({done} of {planned})", progress.percent())
}
