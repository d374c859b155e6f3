//! `rotate-driver`: runs token rotations of the extension `ticket_ext` and shows their progress.

mod cli;
mod commands;
mod connect;
mod console;
mod display;
mod duration;
mod error;
mod exit;
mod key;
mod leaked;
mod pace;
mod progress;
#[cfg(test)]
#[path = "../tests/suite/common/property.rs"]
mod property;
mod repeat;
mod rotate;
mod session;
#[allow(dead_code, reason = "for the command to come")]
mod setup;
mod shards;
mod signals;
mod throttle;
mod vacuum;
mod verify;

use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = cli::Cli::read().and_then(|cli| commands::execute(&cli)).unwrap_or_else(|error| {
        console::report(&error);
        error.exit()
    });
    exit.into()
}
