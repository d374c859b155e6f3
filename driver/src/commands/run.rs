//! Starts or continues a rotation and says how it ended.

use crate::cli::{DEFAULT_BATCH, DEFAULT_INTERVAL, ProgressStyle, Run, Scope};
use crate::connect;
use crate::console::note;
use crate::display::{self, Display, Event};
use crate::error::Error;
use crate::exit::Exit;
use crate::resume::command;
use crate::rotate::{Ending, Outcome, Rotation};
use crate::session::Session;
use crate::signals::Interrupt;
use std::time::Duration;

pub fn run(scope: &Scope, options: &Run) -> Result<Exit, Error> {
    let mut display = display::choose(options.progress, Duration::from_secs(options.interval));
    let result = rotate(scope, options, display.as_mut());
    if let Err(error) = &result {
        // The error itself says more than a second failure to write it.
        let _ = display.failed(error);
    }
    let ending = result?;
    explain(&ending, scope, options);
    Ok(exit(ending.outcome))
}

fn rotate(scope: &Scope, options: &Run, display: &mut dyn Display) -> Result<Ending, Error> {
    let connection = connect::open(scope.url.as_deref())?;
    let canceller = connection.canceller();
    let mut session = Session::open(connection.client, scope)?;
    let interrupt = Interrupt::watch(canceller, 1)?;
    if options.new
        && let Some(signal) = start(&mut session, &interrupt)?
    {
        display.show(Event::Interrupted, None)?;
        return Ok(Ending { outcome: Outcome::Interrupted(signal), batches: 0, last: None });
    }
    Rotation::new(&mut session, display).run(options.batch, &interrupt)
}

/// The signal that cancelled the start, if one did.
fn start(session: &mut Session, interrupt: &Interrupt) -> Result<Option<i32>, Error> {
    match (session.start(), interrupt.signal()) {
        (Err(error), Some(signal)) if error.is_cancelled_query() => Ok(Some(signal)),
        (started, _) => started.map(|_| None),
    }
}

fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Finished => Exit::Finished,
        Outcome::Interrupted(signal) => Exit::Signal(signal),
        Outcome::Paused | Outcome::Cancelled => Exit::Stopped,
    }
}

fn explain(ending: &Ending, scope: &Scope, options: &Run) {
    let run = ending
        .last
        .as_ref()
        .map_or_else(|| "the run".to_owned(), |snapshot| format!("run {}", snapshot.progress.run_id));
    let again = || command(scope, &["run", "--new"]);
    match ending.outcome {
        Outcome::Finished if ending.batches == 0 => {
            note(&format!("{run} is finished, nothing is left; start another with: {}", again()));
        }
        Outcome::Finished => note(&format!("{run} is finished")),
        Outcome::Interrupted(_) if options.new && ending.last.is_none() => {
            note(&format!("interrupted before a run was started; start it with: {}", again()));
        }
        Outcome::Interrupted(_) => {
            note(&format!("{run} is interrupted; continue with: {}", resume(scope, options)));
        }
        Outcome::Paused => {
            let resume = command(scope, &["resume"]);
            note(&format!("{run} is paused; let it go on with: {resume}"));
        }
        Outcome::Cancelled => {
            note(&format!("{run} is cancelled; start another with: {}", again()));
        }
    }
}

/// The same command without `--new`: that would start from the beginning.
fn resume(scope: &Scope, options: &Run) -> String {
    let (batch, interval) = (options.batch.to_string(), options.interval.to_string());
    let mut rest = vec!["run"];
    if options.batch != DEFAULT_BATCH {
        rest.extend(["--batch", &batch]);
    }
    if options.progress != ProgressStyle::Auto {
        rest.extend(["--progress", options.progress.name()]);
    }
    if options.interval != DEFAULT_INTERVAL {
        rest.extend(["--interval", &interval]);
    }
    command(scope, &rest)
}
