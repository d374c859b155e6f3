//! Starts or continues a rotation and says how it ended.

use std::time::Duration;

use super::command_line::{to_continue, to_paste, to_repeat};
use super::persistent::Persistent;
use super::{guard, shards, verify};
use crate::cli::{Format, Run, Sweep, Verify, Work};
use crate::connect::overridden;
use crate::console::{note, report};
use crate::display::{self, Display, ProgressStyle};
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::rotate::{Begin, Ending, Outcome, Rotation};
use crate::session::{Link, Scope};
use crate::shards::ShardOptions;
use crate::signals::Interrupt;

pub fn run(scope: &Scope, options: &Run) -> Result<Exit, Error> {
    if options.shards.shards {
        return shards::run(scope, options);
    }
    let start = options.start.clone();
    let begin = if options.new { Begin::New(start) } else { Begin::Continue(start) };
    if options.dry_run {
        return dry_run(scope, &options.work, &begin);
    }
    work(scope, &options.work, begin, options.guard)
}

pub fn sweep(scope: &Scope, options: &Sweep) -> Result<Exit, Error> {
    work(scope, &options.work, Begin::Sweep, false)
}

/// Its first signal cancels: nothing is lost.
fn dry_run(scope: &Scope, options: &Work, begin: &Begin) -> Result<Exit, Error> {
    overridden(scope.url.as_deref()).inspect(|warning| note(warning));
    let mut display = display::choose(options.progress, Duration::from_secs(options.interval));
    let link = Link::new(scope, true, options.retry.retry_for, Interrupt::watch(0)?);
    let done = look_at_list(scope, options)
        .and_then(|()| Rotation::new(link, display.as_mut(), options, begin).dry_run());
    if let Err(error) = done {
        // The error itself says more than a second failure to write it.
        let _ = display.failed(&error);
        return Err(error);
    }
    Ok(Exit::Finished)
}

fn work(scope: &Scope, options: &Work, begin: Begin, guarded: bool) -> Result<Exit, Error> {
    overridden(scope.url.as_deref()).inspect(|warning| note(warning));
    let mut display = display::choose(options.progress, Duration::from_secs(options.interval));
    let ready = look_at_list(scope, options)
        .and_then(|()| if guarded { guard::put_on(scope, options.retry.retry_for) } else { Ok(()) });
    match ready.and_then(|()| rotate(scope, options, &begin, display.as_mut())) {
        Ok(ending) => {
            explain(&ending, &begin, scope, options);
            match ending.outcome {
                Outcome::Finished | Outcome::AlreadyFinished if options.verify => {
                    // A standby may not have heard of the end yet.
                    verify::verify(scope, true, &evidence(options, ShardOptions::default()))
                }
                outcome => Ok(outcome.exit()),
            }
        }
        Err(error) => {
            // The error itself says more than a second failure to write it.
            let _ = display.failed(&error);
            leave(error)
        }
    }
}

/// How many of the leaked tokens are in use before anything is done. A list that was misread is found out now.
fn look_at_list(scope: &Scope, options: &Work) -> Result<(), Error> {
    let Some(file) = options.list.file() else { return Ok(()) };
    if options.verify && file.is_standard_input() {
        let reason = "--leaked - can be read once only, and --verify reads the list again: name a file";
        return Err(Error::Parameter(reason.to_owned()));
    }
    let list = Persistent::new(scope, true, options.retry.retry_for).read_list(file)?;
    if list.is_foreign() {
        return Err(Error::LeakedForeign(list.text()));
    }
    note(&format!("leaked list: {}", list.text()));
    Ok(())
}

/// In the style of the progress before it.
pub fn evidence(options: &Work, shards: ShardOptions) -> Verify {
    let format = if options.progress == ProgressStyle::Json { Format::Json } else { Format::Text };
    Verify { list: options.list.clone(), shards, retry: options.retry, format }
}

fn rotate(scope: &Scope, options: &Work, begin: &Begin, display: &mut dyn Display) -> Result<Ending, Error> {
    let link = Link::new(scope, true, options.retry.retry_for, Interrupt::watch(1)?);
    Rotation::new(link, display, options, begin).run()
}

fn leave(error: Error) -> Result<Exit, Error> {
    if let Error::GaveUp { .. } = error {
        report(&error);
        note(&format!("continue with: {}", to_continue()));
        return Ok(error.exit());
    }
    Err(error)
}

fn explain(ending: &Ending, begin: &Begin, scope: &Scope, options: &Work) {
    let run = ending
        .last
        .as_ref()
        .map_or_else(|| "the run".to_owned(), |snapshot| format!("run {}", snapshot.progress.run_id));
    let again = || to_paste(scope, &["run", "--new"]);
    match ending.outcome {
        Outcome::Finished if ending.last.is_none() => note("there is nothing to rotate: the table is empty"),
        Outcome::AlreadyFinished => {
            let ago =
                ending.last.as_ref().and_then(|snapshot| snapshot.progress.since_finish).unwrap_or_default();
            let ago = duration::in_words(ago);
            note(&format!(
                "{run} finished {ago} ago: nothing was rotated now; start another with: {}",
                again()
            ));
        }
        Outcome::Finished if *begin == Begin::Sweep => {
            note(&format!("{run} is swept: {} ticket(s) have got a new token", ending.tickets));
        }
        Outcome::Finished if ending.batches == 0 => note(&format!("{run} is finished, nothing was left")),
        Outcome::Finished if options.verify => note(&format!("{run} is finished")),
        Outcome::Finished => {
            note(&format!("{run} is finished; verify it with: {}", to_paste(scope, &["verify"])));
        }
        Outcome::Interrupted(_) if matches!(begin, Begin::New(_)) && ending.last.is_none() => {
            note(&format!("interrupted before a run was started; start it with: {}", to_repeat()));
        }
        Outcome::Interrupted(_) => {
            note(&format!("{run} is interrupted; continue with: {}", to_continue()));
        }
        Outcome::Paused => {
            let resume = to_paste(scope, &["resume"]);
            note(&format!("{run} is paused; let it go on with: {resume}"));
        }
        Outcome::Cancelled => {
            note(&format!("{run} is cancelled; start another with: {}", again()));
        }
    }
}
