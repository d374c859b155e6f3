//! Shows the newest run, once or until it has ended.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::command_line::to_paste;
use super::guard::held_off;
use crate::cli::{Format, Status};
use crate::console;
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::pace::Tuning;
use crate::progress::{Phase, Progress, State};
use crate::session::{Link, RepeatFilter, Retrying, Scope, Target};
use crate::signals::Interrupt;

pub fn status(scope: &Scope, options: &Status) -> Result<Exit, Error> {
    let retry_for = options.watch.map_or(Duration::ZERO, |_| options.retry.retry_for);
    let mut link = Link::new(scope, false, retry_for, Interrupt::default());
    let mut filter = RepeatFilter::default();
    for round in 0.. {
        let (progress, target) = read(&mut link, &mut filter)?;
        let view = View { scope, target: &target, progress: progress.as_ref() };
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

fn read(link: &mut Link, filter: &mut RepeatFilter) -> Result<(Option<Progress>, Target), Error> {
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
    progress: Option<&'a Progress>,
}

impl View<'_> {
    fn may_change(&self) -> bool {
        let state = self.progress.map(|progress| progress.state);
        !matches!(state, Some(State::Finished | State::Cancelled))
    }

    fn text(&self) -> String {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let Some(progress) = self.progress else {
            let run = to_paste(self.scope, &["run"]);
            return format!("{table} ({token_column}) has never had a run; start one with: {run}");
        };
        let Progress { tuning, .. } = progress;
        let lines = [
            ("target", Some(format!("{table} ({token_column})"))),
            ("run", Some(progress.run_id.to_string())),
            ("state", Some(progress.state.name().to_owned())),
            ("phase", progress.phase.map(|phase| phase.name().to_owned())),
            ("completed", Some(completed(progress))),
            ("rate", rate(progress)),
            (
                "remaining time",
                progress.seconds_remaining.map(|time| format!("{:.0} second(s)", time.ceil())),
            ),
            ("waits for", progress.waiting_for.clone()),
            ("tuned", (*tuning != Tuning::default()).then(|| tuning.to_string())),
            ("key", Some(progress.key_column.clone())),
            ("format", Some(progress.token_format.clone())),
            ("without token", Some(progress.without_token.to_string())),
            ("last id", progress.last_id.map(|id| id.to_string())),
            ("started", progress.started_at.clone()),
            ("last batch", progress.last_batch_at.clone()),
            ("updated", progress.updated_at.clone()),
            ("finished", progress.finished_at.clone()),
            (
                "held off",
                (progress.held_off > 0).then(|| {
                    let Progress { held_off_key, held_off_at, .. } = progress;
                    held_off(progress.held_off, held_off_key.as_deref(), held_off_at.as_deref())
                }),
            ),
        ];
        lines.map(|(label, value)| format!("{label:<16}{}", value.as_deref().unwrap_or("-"))).join("\n")
    }

    fn json(&self) -> Value {
        let (table, token_column) = (&self.target.table, &self.target.token_column);
        let Some(progress) = self.progress else {
            return json!({ "run_id": null, "target": table, "token_column": token_column });
        };
        let mut status = json!({
            "run_id": progress.run_id,
            "target": table,
            "token_column": token_column,
            "state": progress.state.name(),
            "phase": progress.phase.map(Phase::name),
            "last_id": progress.last_id,
            "tickets_done": progress.done,
            "tickets_planned": progress.planned,
            "percent": progress.percent(),
            "tickets_per_second": progress.tickets_per_second,
            "seconds_remaining": progress.seconds_remaining,
            "waiting_for": progress.waiting_for,
            "started_at": progress.started_at,
            "updated_at": progress.updated_at,
            "last_batch_at": progress.last_batch_at,
            "finished_at": progress.finished_at,
            "key_column": progress.key_column,
            "token_format": progress.token_format,
            "without_token": progress.without_token,
            "held_off": progress.held_off,
            "held_off_key": progress.held_off_key,
            "held_off_at": progress.held_off_at,
        });
        progress.tuning.json().into_iter().for_each(|(key, value)| status[key] = value);
        status
    }
}

fn rate(progress: &Progress) -> Option<String> {
    let idle = progress.idle_for().map(|time| format!("no batch since {}", duration::in_words(time)));
    idle.or_else(|| progress.tickets_per_second.map(|rate| format!("{rate:.0} tickets/s")))
}

fn completed(progress: &Progress) -> String {
    let Progress { done, planned, .. } = progress;
    format!("{:.2} % ({done} of {planned})", progress.percent())
}
