//! Rotates and verifies a distributed table shard by shard.

use std::time::Duration;

use super::command_line::{to_continue, to_paste};
use super::run::evidence;
use super::verify::show;
use crate::cli::{Run, Verify};
use crate::connect::overridden;
use crate::console::{note, report};
use crate::display;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Link, Scope};
use crate::shards::{self, Ended, Rotation, Wish};
use crate::signals::Interrupt;
use crate::verify::Evidence;

pub fn run(scope: &Scope, options: &Run) -> Result<Exit, Error> {
    overridden(scope.url.as_deref()).inspect(|warning| note(warning));
    check(options)?;
    let work = &options.work;
    let mut display = display::choose(work.progress, Duration::from_secs(work.interval));
    let link = Link::new(scope, true, work.retry.retry_for, Interrupt::watch(1)?);
    let (new, start, pace, shards) = (options.new, &options.start, work.pace, &options.shards);
    let ended = Rotation::new(link, display.as_mut(), Wish { new, start, pace, shards }).run();
    match ended {
        Ok(Ended::Already { run }) => {
            let again = to_paste(scope, &["run", "--shards", "--new"]);
            note(&format!(
                "run {run} was finished before: nothing was rotated now; start another with: {again}"
            ));
        }
        Ok(Ended::Finished { run, batches }) => {
            let verify = to_paste(scope, &["verify", "--shards"]);
            note(&format!(
                "run {run} is finished in all shards ({batches} batches now); verify it with: {verify}"
            ));
        }
        Err(error @ (Error::GaveUp { .. } | Error::Interrupted(_))) => {
            let _ = display.failed(&error);
            report(&error);
            note(&format!("continue with: {}", to_continue()));
            return Ok(error.exit());
        }
        Err(error) => {
            let _ = display.failed(&error);
            return Err(error);
        }
    }
    if !work.verify {
        return Ok(Exit::Finished);
    }
    verify(scope, &evidence(work, shards.clone()))
}

pub fn verify(scope: &Scope, options: &Verify) -> Result<Exit, Error> {
    if options.list.file().is_some() {
        return Err(not_yet("--leaked"));
    }
    let link = Link::new(scope, true, options.retry.retry_for, Interrupt::default());
    let (target, run) = shards::evidence(link, &options.shards)?;
    let evidence = Evidence { target, run, leaked: None };
    let cure = evidence.cure().map(|_| match evidence.run.state.as_str() {
        "active" => to_paste(scope, &["run", "--shards"]),
        _ => to_paste(scope, &["run", "--shards", "--new"]),
    });
    show(&evidence, cure, options)
}

/// What is left out here is refused, not ignored.
fn check(options: &Run) -> Result<(), Error> {
    let throttles = &options.work.throttles;
    let refused = [
        ("--dry-run", options.dry_run),
        ("--guard", options.guard),
        ("--leaked", options.work.list.file().is_some()),
        ("--max-replica-lag", !throttles.max_replica_lag.is_empty()),
        ("--max-active", throttles.max_active.is_some()),
        ("--throttle-query", throttles.throttle_query.is_some()),
        ("--between", throttles.between.is_some()),
    ];
    refused.into_iter().find(|(_, given)| *given).map_or(Ok(()), |(option, _)| Err(not_yet(option)))
}

fn not_yet(option: &str) -> Error {
    Error::Refused {
        what: format!("{option} cannot be combined with --shards"),
        instead: "docs/citus-shards.md says what is rotated shard by shard, and how.",
    }
}
