//! The plain-SQL edition: installs, updates, prints or removes it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::all_or_nothing::{Done, all_or_nothing};
use super::command_line::to_paste;
use crate::cli::{Format, Setup};
use crate::console::{note, say};
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Scope, Version};
use crate::setup::{Change, Removal, Report, install, print, print_for_pg_tle, remove};

pub fn setup(scope: &Scope, options: &Setup) -> Result<Exit, Error> {
    let Setup { schema, force, keep_ledger, .. } = options;
    if options.print {
        let text = if options.tle { print_for_pg_tle(schema) } else { print(schema) };
        io::stdout().write_all(text.as_bytes())?;
        return Ok(Exit::Finished);
    }
    let done = if options.remove {
        let removal = Removal { force: *force, keep_ledger: *keep_ledger };
        all_or_nothing(scope, |client| remove(client, schema, &removal))?
    } else {
        all_or_nothing(scope, |client| install(client, schema))?
    };
    match done {
        Done::All(report) => tell(scope, options.format, &report),
        Done::Nothing(exit) => Ok(exit),
    }
}

fn tell(scope: &Scope, format: Format, report: &Report) -> Result<Exit, Error> {
    match format {
        Format::Text => say(&text(scope, report))?,
        Format::Json => say(&object(report).to_string())?,
    }
    if report.is_superuser && !matches!(report.change, Change::Removed { .. }) {
        note("its functions refuse superusers: rotate as the owner of the table");
    }
    Ok(Exit::Finished)
}

fn text(scope: &Scope, report: &Report) -> String {
    let Report { database, schema, role, change, .. } = report;
    let (own, place) = (Version::own(), format!("schema {schema} of database {database}"));
    let what = format!("ticket_ext {} (plain SQL)", own.text());
    let run = || format!("next: {}", to_paste(scope, &["run"]));
    match change {
        Change::Installed => format!("installed {what} into {place}, as role {role}\n{}", run()),
        Change::UpToDate => format!("{place} is up to date: {what}\n{}", run()),
        Change::Updated { from } => format!("updated {place} from {from} to {what}\n{}", run()),
        Change::Removed { kept, unguarded } => {
            let kept = kept.as_ref().map(|kept| format!("\nkept the ledger: schema {kept}"));
            let unguarded = unguarded.as_ref().map(|tables| format!("\nno longer guarded: {tables}"));
            format!("removed {place}{}{}", kept.unwrap_or_default(), unguarded.unwrap_or_default())
        }
    }
}

fn object(report: &Report) -> Value {
    let Report { database, schema, role, change, .. } = report;
    let (event, from, kept, unguarded) = match change {
        Change::Installed => ("installed", None, None, None),
        Change::UpToDate => ("up_to_date", None, None, None),
        Change::Updated { from } => ("updated", Some(from), None, None),
        Change::Removed { kept, unguarded } => ("removed", None, kept.as_ref(), unguarded.as_ref()),
    };
    json!({
        "event": event,
        "database": database,
        "schema": schema,
        "role": role,
        "version": Version::own().text(),
        "updated_from": from,
        "kept": kept,
        "unguarded": unguarded,
    })
}
