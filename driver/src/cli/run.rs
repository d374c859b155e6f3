//! Options of the commands that rotate.

use clap::Args;

use crate::display::ProgressStyle;
use crate::leaked::ListOptions;
use crate::pace::PaceOptions;
use crate::session::{RetryOptions, StartOptions};
use crate::shards::ShardOptions;
use crate::throttle::ThrottleOptions;

#[derive(Args)]
pub struct Run {
    /// Start another run after a finished or cancelled one
    #[arg(long)]
    pub new: bool,

    /// Rotate one batch and roll it back: make all checks, and say what a run would take
    ///
    /// Nothing is changed, started or guarded. The tickets of the batch are locked meanwhile.
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub start: StartOptions,

    #[command(flatten)]
    pub shards: ShardOptions,

    /// Put the guard on the table before the first batch, as the command guard does
    #[arg(long)]
    pub guard: bool,

    // The last one: the heading of its last group would go on to what follows.
    #[command(flatten)]
    pub work: Work,
}

#[derive(Args)]
pub struct Sweep {
    #[command(flatten)]
    pub work: Work,
}

/// How to work on a run, and what to show of it.
#[derive(Args)]
pub struct Work {
    #[command(flatten)]
    pub pace: PaceOptions,

    /// How to show progress: the bar goes to stderr, the others to stdout
    #[arg(long, value_name = "STYLE", value_enum, default_value_t)]
    pub progress: ProgressStyle,

    /// Seconds between two lines of progress
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub interval: u64,

    /// Verify the run once it is finished, as the command verify does
    #[arg(long)]
    pub verify: bool,

    #[command(flatten)]
    pub list: ListOptions,

    #[command(flatten)]
    pub retry: RetryOptions,

    #[command(flatten)]
    pub throttles: ThrottleOptions,
}
