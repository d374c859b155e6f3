//! Keeps retired tokens from coming back: the guard of a table, put on, taken off and looked at.

use std::time::Duration;

use postgres::Row;
use serde_json::{Value, json};

use super::command_line::to_paste;
use super::open;
use super::persistent::Persistent;
use crate::cli::{Format, Guard};
use crate::console::{note, say};
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Scope, Session, Target};

pub fn guard(scope: &Scope, command: &Guard) -> Result<Exit, Error> {
    match command {
        Guard::On { refuse, retry } => {
            let action = if *refuse { "refuse" } else { "keep" };
            let (changed, target) =
                persist(scope, retry.retry_for, |session| Ok((session.guard(action)?, named(session))))?;
            let since = if changed { "from now on" } else { "already" };
            say(&format!(
                "{target} is guarded {since} ({action}); take it off with: {}",
                words(scope, "off")
            ))?;
        }
        Guard::Off { retry } => {
            let (changed, target) =
                persist(scope, retry.retry_for, |session| Ok((session.unguard()?, named(session))))?;
            let now = if changed { "is no longer guarded" } else { "was not guarded" };
            say(&format!("{target} {now}; put it on with: {}", words(scope, "on")))?;
        }
        Guard::Status { format } => {
            let mut session = open(scope, false)?;
            let status = Status::read(&mut session)?;
            match format {
                Format::Text => say(&status.text(session.target()))?,
                Format::Json => say(&status.json(session.target()).to_string())?,
            }
        }
    }
    Ok(Exit::Finished)
}

/// For a run, which goes on without a guard where this role may not put one on.
pub fn put_on(scope: &Scope, retry_for: Duration) -> Result<(), Error> {
    let said = persist(scope, retry_for, |session| {
        if let Some(refusal) = Status::read(session)?.refusal {
            return Ok(Some(format!("not guarded: {refusal}")));
        }
        let changed = session.guard("keep")?;
        Ok(changed.then(|| format!("{} is guarded from now on", named(session))))
    })?;
    said.iter().for_each(|text| note(text));
    Ok(())
}

/// The lock that it takes is waited for two seconds at a time, since whoever writes to the table queues behind.
fn persist<T>(
    scope: &Scope,
    retry_for: Duration,
    work: impl FnMut(&mut Session) -> Result<T, Error>,
) -> Result<T, Error> {
    Persistent::new(scope, true, retry_for).persist(work)
}

fn named(session: &Session) -> String {
    format!("{} ({})", session.target().table, session.target().token_column)
}

fn words(scope: &Scope, action: &str) -> String {
    to_paste(scope, &["guard", action])
}

/// Times as text.
struct Status {
    action: Option<String>,
    enabled: bool,
    held_off: i64,
    held_off_key: Option<String>,
    held_off_at: Option<String>,
    /// Why this role may not change it.
    refusal: Option<String>,
}

impl Status {
    fn read(session: &mut Session) -> Result<Self, Error> {
        let target = session.target().clone();
        let row: Row = session.row(include_str!("../sql/guard.sql"), &target.parameters())?;
        Ok(Self {
            action: row.get("action"),
            enabled: row.get("enabled"),
            held_off: row.get("held_off"),
            held_off_key: row.get("held_off_key"),
            held_off_at: row.get("held_off_at"),
            refusal: row.get("refusal"),
        })
    }

    fn text(&self, target: &Target) -> String {
        let guard = match (&self.action, self.enabled) {
            (None, _) => "off".to_owned(),
            (Some(action), true) => action.clone(),
            (Some(action), false) => format!("{action}, but its triggers are DISABLED: put it on again"),
        };
        let held_off = held_off(self.held_off, self.held_off_key.as_deref(), self.held_off_at.as_deref());
        let Target { table, token_column, .. } = target;
        let lines =
            [("target", format!("{table} ({token_column})")), ("guard", guard), ("held off", held_off)];
        lines.map(|(label, value)| format!("{label:<16}{value}")).join("\n")
    }

    fn json(&self, target: &Target) -> Value {
        json!({
            "target": target.table,
            "token_column": target.token_column,
            "guard": self.action,
            "enabled": self.enabled,
            "held_off": self.held_off,
            "held_off_key": self.held_off_key,
            "held_off_at": self.held_off_at,
        })
    }
}

/// How many writes, and the last of them.
pub fn held_off(writes: i64, key: Option<&str>, at: Option<&str>) -> String {
    match (key, at) {
        (Some(key), Some(at)) => format!("{writes} write(s), the last one of ticket {key}, {at}"),
        _ => format!("{writes} write(s)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_is_named_where_there_is_one() {
        assert_eq!(held_off(0, None, None), "0 write(s)");
        let at = "2026-03-01T09:30:00+00:00";
        assert_eq!(held_off(3, Some("7"), Some(at)), format!("3 write(s), the last one of ticket 7, {at}"));
    }
}
