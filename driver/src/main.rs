//! `rotate-driver`: runs token rotations of the extension `ticket_ext` and shows their progress.

mod checkpoints;
mod cli;
mod commands;
mod connect;
mod console;
mod control;
mod display;
mod error;
mod exit;
mod hint;
mod link;
mod load;
mod look;
mod notice;
mod pace;
mod passing;
mod patience;
mod progress;
mod rate;
mod resume;
mod retry;
mod rotate;
mod session;
mod signals;
mod target;
mod throttle;
mod tracker;
mod tuning;
mod vacuum;
mod verify;
mod withheld;

use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = cli::Cli::read().and_then(|cli| commands::execute(&cli)).unwrap_or_else(|error| {
        console::report(&error);
        error.exit()
    });
    exit.into()
}
