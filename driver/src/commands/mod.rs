//! One file per subcommand.

mod all_or_nothing;
mod command_line;
mod completions;
mod control;
mod guard;
mod init;
mod man;
mod persistent;
mod run;
mod setup;
mod shards;
mod status;
mod trace;
mod verify;

use crate::cli::{Cli, Command};
use crate::connect;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::{Scope, Session};

pub fn execute(cli: &Cli) -> Result<Exit, Error> {
    let scope = &cli.scope;
    match &cli.command {
        Command::Init(options) => init::init(scope, options),
        Command::Setup(options) => setup::setup(scope, options),
        Command::Run(options) => run::run(scope, options),
        Command::Sweep(options) => run::sweep(scope, options),
        Command::Guard(command) => guard::guard(scope, command),
        Command::Status(options) => status::status(scope, options),
        Command::Verify(options) => verify::verify(scope, false, options),
        Command::Trace(options) => trace::trace(&mut open(scope, false)?, options),
        Command::Tune(options) => control::tune(&mut open(scope, true)?, options),
        Command::Pause => control::pause(&mut open(scope, true)?, scope),
        Command::Resume => control::resume(&mut open(scope, true)?, scope),
        Command::Cancel => control::cancel(&mut open(scope, true)?, scope),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Man { directory } => man::man(directory),
    }
}

fn open(scope: &Scope, writes: bool) -> Result<Session, Error> {
    Session::open(connect::open(&scope.request(writes))?, scope)
}
