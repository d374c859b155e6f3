//! The commands of the guard.

use clap::Subcommand;

use super::Format;
use crate::session::RetryOptions;

#[derive(Subcommand)]
pub enum Guard {
    /// A write that would bring a retired token back keeps the live one instead
    ///
    /// It takes the owner of the table. Everything else of such a write is stored; new tickets and
    /// tokens that the application makes anew pass.
    #[command(after_long_help = include_str!("../examples/guard_on.txt"))]
    On {
        /// Let such a write fail, with an error that says why
        #[arg(long)]
        refuse: bool,

        #[command(flatten)]
        retry: RetryOptions,
    },
    /// Take the guard off
    #[command(after_long_help = include_str!("../examples/guard_off.txt"))]
    Off {
        #[command(flatten)]
        retry: RetryOptions,
    },
    /// Show whether there is one, and what it has held off
    #[command(after_long_help = include_str!("../examples/guard_status.txt"))]
    Status {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}
