//! The command line.

mod evidence;
mod guard;
mod run;
mod tune;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::connect::is_connection_string;
use crate::error::Error;
use crate::session::Scope;
use crate::setup::SchemaName;

pub use evidence::{Status, Trace, TraceFormat, Verify};
pub use guard::Guard;
pub use run::{Run, Sweep, Work};
pub use tune::Tune;

#[derive(Parser)]
#[command(name = "rotate-driver", version, max_term_width = 100)]
#[command(after_help = include_str!("../examples/rotate-driver.txt").trim_end())]
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
    #[command(after_long_help = include_str!("../examples/init.txt"))]
    Init(Init),
    /// Install the plain-SQL edition, for servers that take no extension, or bring it up to date
    ///
    /// It goes into a schema of its own, as the owner of the table, in one transaction. A database
    /// that has it already is left as it is.
    #[command(after_long_help = include_str!("../examples/setup.txt"))]
    Setup(Setup),
    /// Start a rotation, or continue the one that was interrupted
    #[command(after_long_help = include_str!("../examples/run.txt"))]
    Run(Run),
    /// Show where the newest run stands
    #[command(after_long_help = include_str!("../examples/status.txt"))]
    Status(Status),
    /// Prove that no old token is left; exit code 3 if that cannot be done
    ///
    /// The ledger has to cover the run without a gap and to have an entry of each ticket, and no
    /// retired token may be in use. It only reads, beside live traffic.
    #[command(after_long_help = include_str!("../examples/verify.txt"))]
    Verify(Verify),
    /// Tell whose tokens leaked: a row for each token of a list, by its line
    ///
    /// It names the ticket that has the token or had it, and the run that retired it when. It prints
    /// no token and only reads, beside live traffic.
    #[command(after_long_help = include_str!("../examples/trace.txt"))]
    Trace(Trace),
    /// Rotate the tickets whose old token has come back since the run finished
    ///
    /// It opens the newest run for another sweep, in batches, with entries and progress as in a run.
    /// No other ticket is rotated: those that were created since keep their tokens.
    #[command(after_long_help = include_str!("../examples/sweep.txt"))]
    Sweep(Sweep),
    /// Keep retired tokens from coming back: the guard, on, off and its status
    #[command(subcommand, after_long_help = include_str!("../examples/guard.txt"))]
    Guard(Guard),
    /// Change how hard every driver of the run works, from its next batch on
    ///
    /// What is tuned wins over the options of the drivers, also of those that join later, until
    /// the run ends or is reset. What is not named stays as it is.
    #[command(after_long_help = include_str!("../examples/tune.txt"))]
    Tune(Tune),
    /// Let the run rest from its next batch on, wherever its drivers are
    #[command(after_long_help = include_str!("../examples/pause.txt"))]
    Pause,
    /// Let a paused run go on
    #[command(after_long_help = include_str!("../examples/resume.txt"))]
    Resume,
    /// End the run from its next batch on; what is rotated stays rotated
    #[command(after_long_help = include_str!("../examples/cancel.txt"))]
    Cancel,
    /// Print a completion script for a shell
    #[command(after_long_help = include_str!("../examples/completions.txt"))]
    Completions { shell: Shell },
    /// Write manual pages into a folder, one for each command
    #[command(after_long_help = include_str!("../examples/man.txt"))]
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}
