use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;

/// Into memory first: the generator panics on a closed pipe.
pub fn completions(shell: Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rotate-driver", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Finished)
}
