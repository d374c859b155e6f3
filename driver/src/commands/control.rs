//! Tune, pause, resume and cancel: they take effect at the next batch, whoever runs it.

use super::command_line::to_paste;
use crate::cli::Tune;
use crate::console;
use crate::error::Error;
use crate::exit::Exit;
use crate::pace::Tuning;
use crate::session::{Scope, Session};

/// What holds now may be more than what this changed.
pub fn tune(session: &mut Session, options: &Tune) -> Result<Exit, Error> {
    let run = session.tune(options.tuning())?;
    let tuning = session.progress()?.as_ref().map(Tuning::from).unwrap_or_default();
    done(run, &format!("is tuned from the next batches on: {tuning}"))
}

pub fn pause(session: &mut Session, scope: &Scope) -> Result<Exit, Error> {
    let run = session.pause()?;
    let resume = to_paste(scope, &["resume"]);
    done(run, &format!("is paused from the next batch on; let it go on with: {resume}"))
}

pub fn resume(session: &mut Session, scope: &Scope) -> Result<Exit, Error> {
    let run = session.resume()?;
    let go = to_paste(scope, &["run"]);
    done(run, &format!("may go on; continue it with: {go}"))
}

pub fn cancel(session: &mut Session, scope: &Scope) -> Result<Exit, Error> {
    let run = session.cancel()?;
    let again = to_paste(scope, &["run", "--new"]);
    done(run, &format!("is cancelled; start another with: {again}"))
}

fn done(run: i64, what: &str) -> Result<Exit, Error> {
    console::say(&format!("run {run} {what}"))?;
    Ok(Exit::Finished)
}
