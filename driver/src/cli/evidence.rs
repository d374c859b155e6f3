//! Options of the commands that only read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;
use crate::leaked::{Column, ListOptions};
use crate::session::RetryOptions;
use crate::shards::ShardOptions;

#[derive(Args)]
pub struct Status {
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// Repeat until the run has ended
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub watch: Option<u64>,

    #[command(flatten)]
    pub retry: RetryOptions,
}

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    pub list: ListOptions,

    #[command(flatten)]
    pub shards: ShardOptions,

    #[command(flatten)]
    pub retry: RetryOptions,

    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Args)]
pub struct Trace {
    /// The leaked tokens: a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub leaked: PathBuf,

    /// The column of the list that holds the tokens: its name in the header, or its number
    #[arg(long, value_name = "NAME|N")]
    pub column: Option<Column>,

    #[arg(long, value_enum, default_value_t)]
    pub format: TraceFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    #[default]
    Text,
    /// With a header
    Csv,
    /// One JSON object a line
    Json,
}
