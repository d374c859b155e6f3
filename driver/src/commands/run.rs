//! Starts or continues a rotation and says how it ended.

use super::{open, verify};
use crate::cli::{DEFAULT_INTERVAL, Format, ProgressStyle, Run, Scope, Verify};
use crate::connect::overridden;
use crate::console::{note, report};
use crate::display::{self, Display};
use crate::error::Error;
use crate::exit::Exit;
use crate::link::Link;
use crate::patience::DEFAULT_RETRY_FOR;
use crate::resume::command;
use crate::rotate::{Ending, Outcome, Rotation};
use crate::signals::Interrupt;
use std::time::Duration;

pub fn run(scope: &Scope, options: &Run) -> Result<Exit, Error> {
    overridden(scope.url.as_deref()).inspect(|warning| note(warning));
    let mut display = display::choose(options.progress, Duration::from_secs(options.interval));
    match rotate(scope, options, display.as_mut()) {
        Ok(ending) => {
            explain(&ending, scope, options);
            match ending.outcome {
                Outcome::Finished if options.verify => {
                    // A standby may not have heard of the end yet.
                    verify::verify(&mut open(scope, true)?, &evidence(options))
                }
                outcome => Ok(outcome.exit()),
            }
        }
        Err(error) => {
            // The error itself says more than a second failure to write it.
            let _ = display.failed(&error);
            leave(error, scope, options)
        }
    }
}

/// In the style of the progress before it.
fn evidence(options: &Run) -> Verify {
    let format = if options.progress == ProgressStyle::Json { Format::Json } else { Format::Text };
    Verify { leaked: None, format }
}

fn rotate(scope: &Scope, options: &Run, display: &mut dyn Display) -> Result<Ending, Error> {
    let link = Link::new(scope, true, options.patience.retry_for, Interrupt::watch(1)?);
    Rotation::new(link, display, options).run()
}

fn leave(error: Error, scope: &Scope, options: &Run) -> Result<Exit, Error> {
    if let Error::GaveUp { .. } = error {
        report(&error);
        note(&format!("continue with: {}", resume(scope, options)));
        return Ok(error.exit());
    }
    Err(error)
}

fn explain(ending: &Ending, scope: &Scope, options: &Run) {
    let run = ending
        .last
        .as_ref()
        .map_or_else(|| "the run".to_owned(), |snapshot| format!("run {}", snapshot.progress.run_id));
    let again = || command(scope, &["run", "--new"]);
    match ending.outcome {
        Outcome::Finished if ending.last.is_none() => note("there is nothing to rotate: the table is empty"),
        Outcome::Finished if ending.batches == 0 => {
            note(&format!("{run} is finished, nothing is left; start another with: {}", again()));
        }
        Outcome::Finished if options.verify => note(&format!("{run} is finished")),
        Outcome::Finished => {
            note(&format!("{run} is finished; verify it with: {}", command(scope, &["verify"])));
        }
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
    let interval = options.interval.to_string();
    let load = [options.load.options(), options.throttles.options()].concat();
    let retry_for = humantime::format_duration(options.patience.retry_for).to_string();
    let mut rest = vec!["run"];
    rest.extend(load.iter().map(String::as_str));
    if options.progress != ProgressStyle::Auto {
        rest.extend(["--progress", options.progress.name()]);
    }
    if options.interval != DEFAULT_INTERVAL {
        rest.extend(["--interval", &interval]);
    }
    if options.verify {
        rest.push("--verify");
    }
    if retry_for != DEFAULT_RETRY_FOR {
        rest.extend(["--retry-for", &retry_for]);
    }
    command(scope, &rest)
}
