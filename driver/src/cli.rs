//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::connect::is_connection_string;
use crate::display::ProgressStyle;
use crate::error::Error;
use crate::leaked::{Column, ListOptions};
use crate::pace::{self, PaceOptions, Tuning};
use crate::session::{RetryOptions, Scope, StartOptions};
use crate::setup::SchemaName;
use crate::shards::ShardOptions;
use crate::throttle::ThrottleOptions;

#[derive(Parser)]
#[command(name = "rotate-driver", version, after_help = AFTER_HELP, max_term_width = 100)]
/// Rotates the leaked tokens of a live PostgreSQL table, batch by batch
///
/// Each batch is one transaction that also records how far the run is, so an interruption at any
/// instant costs at most one batch: start the same command again and it continues.
pub struct Cli {
    #[command(flatten)]
    pub scope: Scope,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// clap quotes what it does not expect. A connection string in the wrong place is not to be quoted.
    pub fn read() -> Result<Self, Error> {
        Self::try_parse().map_err(|refused| {
            let text = refused.to_string();
            let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
            let quoted = |word: String| is_connection_string(&word) && text.contains(&word);
            if refused.use_stderr() && (is_connection_string(&text) || words.any(quoted)) {
                let what = "a connection string stands where none is expected";
                return Error::Refused { what: what.into(), instead: "Give it by --url." };
            }
            refused.exit()
        })
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a sample table of tickets to try a rotation on
    #[command(after_long_help = include_str!("examples/init.txt"))]
    Init(Init),
    /// Install the plain-SQL edition, for servers that take no extension, or bring it up to date
    ///
    /// It goes into a schema of its own, as the owner of the table, in one transaction. A database
    /// that has it already is left as it is.
    #[command(after_long_help = include_str!("examples/setup.txt"))]
    Setup(Setup),
    /// Start a rotation, or continue the one that was interrupted
    #[command(after_long_help = include_str!("examples/run.txt"))]
    Run(Run),
    /// Show where the newest run stands
    #[command(after_long_help = include_str!("examples/status.txt"))]
    Status(Status),
    /// Prove that no old token is left; exit code 3 if that cannot be done
    ///
    /// The ledger has to cover the run without a gap, no ticket may be older than its batch, and
    /// no leaked token may be in use. It only reads, beside live traffic.
    #[command(after_long_help = include_str!("examples/verify.txt"))]
    Verify(Verify),
    /// Tell whose tokens leaked: a row for each token of a list, by its line
    ///
    /// It names the ticket that has the token or had it, and the run that retired it when. It prints
    /// no token and only reads, beside live traffic.
    #[command(after_long_help = include_str!("examples/trace.txt"))]
    Trace(Trace),
    /// Rotate the tickets whose old token has come back since the run finished
    ///
    /// It opens the newest run for another sweep, in batches, with entries and progress as in a run.
    /// No other ticket is rotated: those that were created since keep their tokens.
    #[command(after_long_help = include_str!("examples/sweep.txt"))]
    Sweep(Sweep),
    /// Keep retired tokens from coming back: the guard, on, off and its status
    #[command(subcommand, after_long_help = include_str!("examples/guard.txt"))]
    Guard(Guard),
    /// Change how hard every driver of the run works, from its next batch on
    ///
    /// What is tuned wins over the options of the drivers, also of those that join later, until
    /// the run ends or is reset. What is not named stays as it is.
    #[command(after_long_help = include_str!("examples/tune.txt"))]
    Tune(Tune),
    /// Let the run rest from its next batch on, wherever its drivers are
    #[command(after_long_help = include_str!("examples/pause.txt"))]
    Pause,
    /// Let a paused run go on
    #[command(after_long_help = include_str!("examples/resume.txt"))]
    Resume,
    /// End the run from its next batch on; what is rotated stays rotated
    #[command(after_long_help = include_str!("examples/cancel.txt"))]
    Cancel,
    /// Print a completion script for a shell
    #[command(after_long_help = include_str!("examples/completions.txt"))]
    Completions { shell: Shell },
    /// Write manual pages into a folder, one for each command
    #[command(after_long_help = include_str!("examples/man.txt"))]
    Man { directory: PathBuf },
}

#[derive(Args)]
pub struct Init {
    /// Number of tickets
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=1_000_000_000))]
    pub size: i64,
}

#[derive(Args)]
pub struct Setup {
    /// Its schema, the plain name
    #[arg(long, value_name = "NAME", default_value = "ticket_ext")]
    pub schema: SchemaName,

    /// Print the script for psql, a migration tool or an SQL console, and connect to no server
    #[arg(long)]
    pub print: bool,

    /// Print it as an extension for pg_tle
    #[arg(long, requires = "print")]
    pub tle: bool,

    /// Remove it, with all that the ledger proves; not while a run is unfinished
    #[arg(long, conflicts_with = "print")]
    pub remove: bool,

    /// Keep the tables of the ledger, in a schema with another name
    #[arg(long, requires = "remove")]
    pub keep_ledger: bool,

    /// Remove it also while a run is unfinished
    #[arg(long, requires = "remove")]
    pub force: bool,

    #[arg(long, value_enum, default_value_t, conflicts_with = "print")]
    pub format: Format,
}

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

#[derive(Subcommand)]
pub enum Guard {
    /// A write that would bring a retired token back keeps the live one instead
    ///
    /// It takes the owner of the table. Everything else of such a write is stored; new tickets and
    /// tokens that the application makes anew pass.
    #[command(after_long_help = include_str!("examples/guard_on.txt"))]
    On {
        /// Let such a write fail, with an error that says why
        #[arg(long)]
        refuse: bool,

        #[command(flatten)]
        retry: RetryOptions,
    },
    /// Take the guard off
    #[command(after_long_help = include_str!("examples/guard_off.txt"))]
    Off {
        #[command(flatten)]
        retry: RetryOptions,
    },
    /// Show whether there is one, and what it has held off
    #[command(after_long_help = include_str!("examples/guard_status.txt"))]
    Status {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

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
#[group(required = true, multiple = true)]
pub struct Tune {
    /// How long a batch should take, 10ms to 60s, also in drivers that were started with --batch N
    #[arg(long, value_name = "TIME", value_parser = pace::batch_time)]
    pub batch_time: Option<Duration>,

    /// How many times as long as a batch took a worker rests after it, 0 to 100
    #[arg(long, value_name = "R", value_parser = pace::nice)]
    pub nice: Option<f64>,

    /// Connections of each driver, 1 to 64, but no more than ranges are left
    #[arg(long, value_name = "N", value_parser = pace::workers)]
    pub workers: Option<usize>,

    /// Let each driver do again as its own options say
    #[arg(long, conflicts_with_all = ["batch_time", "nice", "workers"])]
    pub reset: bool,
}

impl Tune {
    pub fn tuning(&self) -> Tuning {
        Tuning { batch_time: self.batch_time, nice: self.nice, workers: self.workers }
    }
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

const AFTER_HELP: &str = "\
Examples:
  rotate-driver init --size 1000000            a sample table to try things on
  rotate-driver setup                          where the server takes no extension
  rotate-driver run --dry-run                  what a run would meet and take
  rotate-driver run                            rotate table ticket, column token
  rotate-driver --table shop.voucher --token-column code run
                                               another table and column
  rotate-driver run --progress json > run.log  for a program to follow
  rotate-driver status --watch                 from any other terminal
  rotate-driver tune --nice 1 --workers 1      more room for the application, at once
  rotate-driver verify --leaked tokens.csv     prove that no leaked token is in use
  rotate-driver trace --leaked tokens.csv      whose tokens they were
  rotate-driver guard on                       keep old tokens from coming back
  rotate-driver pause                          and later: resume, then run

Environment:
  DATABASE_URL   used where --url is not given
  PG*            libpq's variables, for what the URL leaves out; also ~/.pgpass. Those that
                 ask for a protection which cannot be given are refused, not ignored

Signals:
  The first INT, TERM or HUP finishes and commits the batch in flight; the second cancels it.

Exit codes:
  0              finished
  1              failed
  2              usage
  3              not verified
  4              paused or cancelled by someone
  75             gave up trying again
  129, 130, 143  stopped by HUP, INT, TERM";
